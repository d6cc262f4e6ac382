// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "react";
import type { ControlProps } from "@/ui/kit";

const written = (value: unknown): string => (value === undefined || value === null ? "" : JSON.stringify(value, null, 2));

export interface JsonInputProps {
  control: ControlProps;
  value: unknown;
  placeholder?: string | undefined;
  onChange: (value: unknown) => void;
  /** Told while the text is no JSON: then nothing of it is taken over, and nothing may be saved. */
  onBroken: (problem: string | null) => void;
}

/** JSON as text. Only what can be read is handed on, so that half a text is never saved. */
export function JsonInput({ control, value, placeholder, onChange, onBroken }: JsonInputProps) {
  const [text, setText] = useState(() => written(value));
  const told = useRef(value);

  // A value from elsewhere (undo, the text view) replaces the text; one's own writing keeps its layout.
  useEffect(() => {
    if (JSON.stringify(told.current) === JSON.stringify(value)) return;
    told.current = value;
    setText(written(value));
    onBroken(null);
  }, [value, onBroken]);

  const change = (next: string) => {
    setText(next);
    let read: unknown;
    try {
      read = next.trim() === "" ? undefined : JSON.parse(next);
    } catch (error) {
      onBroken(`This is not JSON: ${error instanceof Error ? error.message : "it cannot be read"}`);
      return;
    }
    onBroken(null);
    told.current = read;
    onChange(read);
  };

  return (
    <textarea {...control} className="input mono" rows={Math.min(14, Math.max(3, text.split("\n").length))} spellCheck={false}
              placeholder={placeholder ?? "{}"} value={text} onChange={(event) => change(event.target.value)} />
  );
}
