// SPDX-License-Identifier: Apache-2.0
import { createContext, useCallback, useContext, useMemo, useRef, useState } from "react";
import type { ReactNode } from "react";
import { explain } from "@/api/errors";
import { Icon } from "@/ui/icons/Icon";
import { IconButton } from "./Button";

interface Toast {
  id: number;
  tone: "ok" | "bad";
  text: string;
}

export interface Toaster {
  /** Something was done. */
  done: (text: string) => void;
  /** Something failed: says what, and why. */
  failed: (what: string, error: unknown) => void;
}

const Context = createContext<Toaster | null>(null);
const shownForMs = 6000;

/** Short messages at the edge. What failed stays until it is closed. */
export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const next = useRef(1);
  const close = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (tone: Toast["tone"], text: string) => {
      const id = next.current++;
      setToasts((all) => [...all.slice(-3), { id, tone, text }]);
      if (tone === "ok") setTimeout(() => close(id), shownForMs);
    },
    [close],
  );
  const toaster = useMemo<Toaster>(
    () => ({
      done: (text) => show("ok", text),
      failed: (what, error) => show("bad", `${what}: ${explain(error).message}`),
    }),
    [show],
  );
  return (
    <Context.Provider value={toaster}>
      {children}
      <div className="toasts" role="region" aria-label="Messages" aria-live="polite">
        {toasts.map((toast) => (
          <div key={toast.id} className="toast" data-tone={toast.tone}>
            <Icon name={toast.tone === "ok" ? "circle-check" : "circle-alert"} />
            <div>{toast.text}</div>
            <IconButton icon="x" size="s" label="Close" onClick={() => close(toast.id)} />
          </div>
        ))}
      </div>
    </Context.Provider>
  );
}

export function useToaster(): Toaster {
  const toaster = useContext(Context);
  if (!toaster) throw new Error("useToaster needs <Toasts> around it");
  return toaster;
}
