// SPDX-License-Identifier: Apache-2.0
/**
 * A thing of the platform, chosen by its name and kept by its id: a combobox that searches as one types. Who knows the id
 * may type it, which is all there is where the service that knows the names cannot be asked.
 */
import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { KeyboardEvent } from "react";
import { fetchOptions } from "@/api/actions";
import type { OptionsOf } from "@/api/actions";
import { explain } from "@/api/errors";
import type { ParamOption } from "@/api/types";
import { Icon } from "@/ui/icons/Icon";
import type { ControlProps } from "@/ui/kit";
import { useSettled } from "@/ui/useSettled";

const shownMost = 20;
/** Services search by names alone, so the name of an id is looked for among as many as one answer holds. */
const namedMost = 100;
const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);

const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

function useOptions(of: OptionsOf, q: string, limit: number, enabled: boolean) {
  return useQuery({
    queryKey: ["options", of.action, of.param, of.providerId ?? null, q, limit],
    queryFn: ({ signal }) => fetchOptions(of, { q, limit }, signal),
    enabled,
    placeholderData: (before) => before,
    staleTime: 60_000,
    retry: false,
  });
}

interface ListProps {
  id: string;
  label: string;
  options: readonly ParamOption[];
  typed: string;
  active: number;
  onChoose: (id: string) => void;
}

/** The options, and last what was typed as an id. */
function List({ id, label, options, typed, active, onChoose }: ListProps) {
  const entry = (index: number, value: string) => ({
    id: `${id}-${index}`,
    role: "option",
    "aria-selected": index === active,
    ref: (element: HTMLElement | null) => {
      if (index === active) element?.scrollIntoView({ block: "nearest" });
    },
    onMouseDown: (event: { preventDefault: () => void }) => {
      event.preventDefault();
      onChoose(value);
    },
  });
  return (
    <ul className="template-options reference-options" id={id} role="listbox" aria-label={label}>
      {options.map((option, index) => (
        <li key={option.value} {...entry(index, option.value)}>
          <span className="truncate">{option.label}</span>
          <span className="quiet truncate">{option.description ?? ""}</span>
          {option.label !== option.value && <code className="truncate">{option.value}</code>}
        </li>
      ))}
      {typed !== "" && (
        <li {...entry(options.length, typed)}>
          <span className="truncate">Use “{typed}” as the id</span>
        </li>
      )}
    </ul>
  );
}

export interface ReferenceInputProps {
  control: ControlProps;
  label: string;
  /** Whose options. */
  of: OptionsOf;
  value: string;
  placeholder?: string | undefined;
  onChange: (value: string | undefined) => void;
}

export function ReferenceInput({ control, label, of, value, placeholder, onChange }: ReferenceInputProps) {
  const list = useId();
  /** What is typed since the last choice; null: nothing, the choice is shown. */
  const [typed, setTyped] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const search = useSettled((typed ?? "").trim());
  const found = useOptions(of, search, shownMost, open);
  const [picked, setPicked] = useState<ParamOption | null>(null);
  const isPicked = picked?.value === value;
  const named = useOptions(of, "", namedMost, value !== "" && !isPicked);
  const chosen = isPicked ? picked : named.data?.options.find((option) => option.value === value);
  const failure = (open ? found.error : null) ?? (value !== "" && !isPicked ? named.error : null);
  const options = open && !found.error ? (found.data?.options ?? []) : [];
  const own = typed?.trim() ?? "";
  const entries = [...options.map((option) => option.value), ...(own ? [own] : [])];
  const waits = open && (found.isFetching || search !== own);

  const close = () => {
    setOpen(false);
    setActive(-1);
    setTyped(null);
  };
  const choose = (id: string) => {
    close();
    setPicked(options.find((option) => option.value === id) ?? null);
    if (id !== value) onChange(id || undefined);
  };
  /** Left without a choice: an id counts, and anything where nobody can say what there is. */
  const leave = () => {
    if (typed !== null && (own === "" || isId(own) || failure)) choose(own);
    else close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const move = moves[event.key];
    if (move !== undefined) {
      setOpen(true);
      if (open && entries.length > 0) setActive(((active < 0 && move < 0 ? 0 : active) + move + entries.length) % entries.length);
    } else if (event.key === "Enter" && open && active < 0 && typed === null) close();
    else if (event.key === "Enter" && open) choose(entries[active] ?? own);
    else if (event.key === "Escape" && open) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const isListed = open && entries.length > 0;
  return (
    <div className="template reference">
      <input {...control} className="input" type="text" autoComplete="off" spellCheck={false} role="combobox" aria-autocomplete="list"
             aria-expanded={isListed} aria-controls={isListed ? list : undefined} aria-activedescendant={isListed && active >= 0 ? `${list}-${active}` : undefined}
             data-keeps-escape={open ? "" : undefined} placeholder={placeholder ?? "Search by name, or type an id"} value={typed ?? chosen?.label ?? value}
             onChange={(event) => {
               setTyped(event.target.value);
               setOpen(true);
               setActive(-1);
             }}
             onClick={() => setOpen(true)} onKeyDown={onKeyDown} onBlur={leave} />
      {isListed && <List id={list} label={label} options={options} typed={own} active={active} onChoose={choose} />}
      {typed === null && chosen && chosen.label !== value && <code className="reference-id">{value}</code>}
      <p className="sr-only" role="status">
        {open && !waits && !failure ? `${options.length === 0 ? "Nothing" : options.length} found${found.data?.has_more ? ", and there are more" : ""}` : ""}
      </p>
      {open && !waits && !failure && options.length === 0 && <p className="preview">Nothing has this in its name.</p>}
      {open && found.data?.has_more && !failure && <p className="preview">There are more: go on typing.</p>}
      {failure && (
        <p className="preview" data-tone="warn">
          <Icon name="triangle-alert" />
          <span className="preview-value">{sentence(explain(failure).message)} An id can be typed.</span>
        </p>
      )}
    </div>
  );
}
