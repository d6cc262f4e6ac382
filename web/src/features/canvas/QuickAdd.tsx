// SPDX-License-Identifier: Apache-2.0
import { useId, useRef, useState } from "react";
import { useActions } from "@/api/actions";
import type { Action } from "@/api/types";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import { searchActions } from "@/features/catalogue/search";
import { Dialog } from "@/ui/kit";

export interface QuickAddProps {
  open: boolean;
  /** Name of the step that the new one follows, or null. */
  after: string | null;
  onOpenChange: (open: boolean) => void;
  onAdd: (action: Action) => void;
  /** Where the focus goes once something was added. */
  focusAfter: () => HTMLElement | null;
}

function Finder({ onAdd }: { onAdd: (action: Action) => void }) {
  const { data } = useActions();
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  const list = useId();
  const found = searchActions(data?.actions ?? [], text).filter((action) => !action.unavailable);
  const chosen = found[Math.min(active, found.length - 1)];
  return (
    <>
      <input className="input" type="text" autoComplete="off" spellCheck={false} placeholder="Search actions" aria-label="Search actions" role="combobox"
             aria-expanded="true" aria-controls={list} aria-activedescendant={chosen ? `${list}-${chosen.type}` : undefined} value={text}
             onChange={(event) => {
               setText(event.target.value);
               setActive(0);
             }}
             onKeyDown={(event) => {
               if (event.key === "ArrowDown") setActive(Math.min(active + 1, found.length - 1));
               else if (event.key === "ArrowUp") setActive(Math.max(active - 1, 0));
               else if (event.key === "Enter" && chosen) onAdd(chosen);
               else return;
               event.preventDefault();
             }} />
      <ul className="quick-add" id={list} role="listbox" aria-label="Actions">
        {found.map((action) => (
          <li key={action.type} id={`${list}-${action.type}`} role="option" aria-selected={action === chosen} onClick={() => onAdd(action)}
              ref={(element) => {
                if (action === chosen) element?.scrollIntoView({ block: "nearest" });
              }}>
            <ActionIcon icon={action.icon} color={action.color} size="s" />
            <span className="grow">{action.name}</span>
            <span className="quiet">{action.category}</span>
          </li>
        ))}
        {found.length === 0 && <li className="quiet" role="option" aria-selected={false} aria-disabled="true">No action matches “{text}”.</li>}
      </ul>
    </>
  );
}

/** Adds a step without a mouse. */
export function QuickAdd({ open, after, onOpenChange, onAdd, focusAfter }: QuickAddProps) {
  const isAdded = useRef(false);
  const add = (action: Action) => {
    isAdded.current = true;
    onAdd(action);
  };
  const place = () => {
    const at = isAdded.current ? focusAfter() : null;
    isAdded.current = false;
    return at;
  };
  return (
    <Dialog open={open} onOpenChange={onOpenChange} focusAfter={place} title="Add a step" description={after ? `It runs after “${after}”.` : "It runs at the start."}>
      <Finder onAdd={add} />
    </Dialog>
  );
}
