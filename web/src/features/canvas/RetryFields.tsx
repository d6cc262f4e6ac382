// SPDX-License-Identifier: Apache-2.0
import { isObject } from "@/features/definition";
import type { Json } from "@/api/types";
import { Field } from "@/ui/kit";

const fields = [
  { name: "max_attempts", label: "Attempts in all", fallback: 3, min: 1, max: 10, step: 1 },
  { name: "backoff_seconds", label: "First wait (seconds)", fallback: 60, min: 1, max: undefined, step: 1 },
  { name: "backoff_multiplier", label: "Each wait longer by", fallback: 2, min: 1, max: undefined, step: 0.1 },
  { name: "max_backoff_seconds", label: "Longest wait (seconds)", fallback: 3600, min: 1, max: undefined, step: 1 },
] as const;

export interface RetryFieldsProps {
  retry: Json | undefined;
  error?: string | undefined;
  onChange: (retry: Json | undefined) => void;
}

/** How a failed step is tried again; what is left empty takes its default. */
export function RetryFields({ retry, error, onChange }: RetryFieldsProps) {
  const written = isObject(retry) ? retry : {};
  const set = (name: string, value: number | undefined) => {
    const next = Object.fromEntries(Object.entries({ ...written, [name]: value }).filter(([, item]) => item !== undefined)) as Record<string, Json>;
    onChange(Object.keys(next).length ? next : undefined);
  };
  return (
    <div className="retry-fields">
      {fields.map((field, index) => {
        const value = written[field.name];
        return (
          <Field key={field.name} label={field.label} error={index === 0 ? error : undefined}>
            {(control) => (
              <input {...control} className="input" type="number" min={field.min} max={field.max} step={field.step} placeholder={String(field.fallback)}
                     value={typeof value === "number" ? value : ""}
                     onChange={(event) => set(field.name, event.target.value === "" ? undefined : event.target.valueAsNumber)} />
            )}
          </Field>
        );
      })}
    </div>
  );
}
