// SPDX-License-Identifier: Apache-2.0
import { useId, useRef, useState } from "react";
import type { KeyboardEvent } from "react";
import type { ControlProps } from "@/ui/kit";
import { Preview } from "./Preview";
import { complete, insertReference } from "./completion";
import type { Completion, Reference } from "./completion";

export interface TemplateInputProps {
  control: ControlProps;
  value: string;
  onChange: (value: string) => void;
  references: readonly Reference[];
  placeholder?: string | undefined;
  rows?: number;
  /** It is one expression where it has no braces. */
  condition?: boolean;
}

/** A text with templates. While one writes between braces, what may stand there is offered below. */
export function TemplateInput({ control, value, onChange, references, placeholder, rows = 2, condition = false }: TemplateInputProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const list = useId();
  const [offered, setOffered] = useState<Completion | null>(null);
  const [active, setActive] = useState(0);

  const look = () => {
    const element = input.current;
    if (!element || element.selectionStart !== element.selectionEnd) return;
    setOffered(complete(element.value, element.selectionStart, references));
    setActive(0);
  };

  const take = (reference: Reference) => {
    const element = input.current;
    if (!element || !offered) return;
    const next = insertReference(element.value, element.selectionStart, offered.from, reference.path);
    onChange(next.text);
    setOffered(null);
    requestAnimationFrame(() => {
      element.focus();
      element.setSelectionRange(next.cursor, next.cursor);
    });
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (!offered) return;
    const { options } = offered;
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const move = moves[event.key];
    const chosen = options[active];
    if (move !== undefined) setActive((active + move + options.length) % options.length);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen) take(chosen);
    else if (event.key === "Escape") setOffered(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="template">
      <textarea ref={input} {...control} className="input mono" rows={rows} spellCheck={false} value={value} placeholder={placeholder}
                aria-autocomplete="list" aria-controls={offered ? list : undefined} aria-activedescendant={offered ? `${list}-${active}` : undefined}
                data-keeps-escape={offered ? "" : undefined}
                onChange={(event) => {
                  onChange(event.target.value);
                  requestAnimationFrame(look);
                }}
                onKeyDown={onKeyDown} onClick={look} onBlur={() => setOffered(null)} />
      {offered && (
        <ul className="template-options" id={list} role="listbox" aria-label="What may stand here">
          {offered.options.map((option, index) => (
            <li key={option.path} id={`${list}-${index}`} role="option" aria-selected={index === active}
                onMouseDown={(event) => {
                  event.preventDefault();
                  take(option);
                }}>
              <code>{option.path}</code>
              <span className="quiet truncate">{option.about}</span>
            </li>
          ))}
        </ul>
      )}
      {!control["aria-invalid"] && <Preview value={value} condition={condition} />}
    </div>
  );
}
