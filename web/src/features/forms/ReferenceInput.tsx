// SPDX-License-Identifier: Apache-2.0
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useId, useState } from "react";
import type { KeyboardEvent } from "react";
import { get } from "@/api/client";
import { explain } from "@/api/errors";
import type { ControlProps } from "@/ui/kit";

interface Option {
  value: string;
  label: string;
}

interface OptionPage {
  options: Option[];
  total: number;
}

const wanted = 20;

export interface ReferenceInputProps {
  control: ControlProps;
  action: string;
  param: string;
  /** Values of the other parameters, on which choices may depend. */
  value: string;
  placeholder?: string | undefined;
  onChange: (value: string) => void;
}

function useOptions(action: string, param: string, search: string, open: boolean) {
  return useQuery({
    queryKey: ["options", action, param, search],
    enabled: open,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    retry: false,
    queryFn: ({ signal }) =>
      get<OptionPage>(`/actions/${encodeURIComponent(action)}/params/${encodeURIComponent(param)}/options`, {
        query: { q: search, limit: wanted },
        signal,
      }),
  });
}

/** A record of a service, found by typing part of its name; an id can be typed too, since a service may be away. */
export function ReferenceInput({ control, action, param, value, placeholder, onChange }: ReferenceInputProps) {
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const list = useId();
  const options = useOptions(action, param, useDeferredValue(value), open);
  const shown = open ? (options.data?.options ?? []) : [];

  const take = (option: Option) => {
    onChange(option.value);
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const chosen = shown[active];
    if (event.key === "ArrowDown" && !open) setOpen(true);
    else if (event.key === "ArrowDown") setActive(Math.min(active + 1, shown.length - 1));
    else if (event.key === "ArrowUp" && open) setActive(Math.max(active - 1, -1));
    else if (event.key === "Enter" && open && chosen) take(chosen);
    else if (event.key === "Escape" && open) setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const label = options.data?.options.find((option) => option.value === value)?.label;
  return (
    <div className="template">
      <input {...control} className="input" type="text" autoComplete="off" spellCheck={false} value={value}
             placeholder={placeholder ?? "Search by name, or give an id"} role="combobox" aria-expanded={open} aria-controls={list}
             aria-autocomplete="list" aria-activedescendant={open && active >= 0 ? `${list}-${active}` : undefined}
             onFocus={() => setOpen(true)} onBlur={() => setOpen(false)} onKeyDown={onKeyDown}
             onChange={(event) => {
               onChange(event.target.value);
               setOpen(true);
               setActive(-1);
             }} />
      {label && label !== value && <span className="quiet">{label}</span>}
      {open && (
        <ul className="template-options" id={list} role="listbox" aria-label="Choices">
          {shown.map((option, index) => (
            <li key={option.value} id={`${list}-${index}`} role="option" aria-selected={index === active}
                onMouseDown={(event) => {
                  event.preventDefault();
                  take(option);
                }}>
              <span>{option.label}</span>
              <code className="quiet truncate">{option.value}</code>
            </li>
          ))}
          {shown.length === 0 && (
            <li role="option" aria-selected={false} aria-disabled="true" className="quiet">
              {options.error ? `No choices: ${explain(options.error).message}` : options.isFetching ? "Searching…" : "Nothing is found. An id can be typed."}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}
