// SPDX-License-Identifier: Apache-2.0
/** Light, dark, or as the system is. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

const key = "budpipeline.theme";
const listeners = new Set<() => void>();

export function theme(): Theme {
  const stored = localStorage.getItem(key);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function applyTheme() {
  const chosen = theme();
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}

export function setTheme(chosen: Theme) {
  if (chosen === "system") localStorage.removeItem(key);
  else localStorage.setItem(key, chosen);
  applyTheme();
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, theme);
}

/** Whether dark is shown now, for libraries that have to be told. */
export function useIsDark(): boolean {
  const chosen = useTheme();
  const system = useSyncExternalStore(
    (listener) => {
      const query = matchMedia("(prefers-color-scheme: dark)");
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => matchMedia("(prefers-color-scheme: dark)").matches,
  );
  return chosen === "system" ? system : chosen === "dark";
}
