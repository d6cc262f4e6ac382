// SPDX-License-Identifier: Apache-2.0
import { useId } from "react";
import type { InputHTMLAttributes, ReactNode, SelectHTMLAttributes, TextareaHTMLAttributes } from "react";
import { Icon } from "@/ui/icons/Icon";

/** What a control needs to belong to its field: give it to the input. */
export interface ControlProps {
  id: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: true | undefined;
  "aria-required"?: true | undefined;
}

export interface FieldProps {
  label: ReactNode;
  help?: ReactNode;
  error?: string | null | undefined;
  required?: boolean;
  /** Beside the label, at the right: a toggle, a counter. */
  aside?: ReactNode;
  children: (control: ControlProps) => ReactNode;
}

/** A control with its label, help and what is wrong with it, tied together for screen readers. */
export function Field({ label, help, error, required, aside, children }: FieldProps) {
  const id = useId();
  const described = [help && `${id}-help`, error && `${id}-error`].filter(Boolean).join(" ") || undefined;
  return (
    <div className="field">
      <div className="row">
        <label className="field-label grow" htmlFor={id}>
          {label} {required && <span className="required" aria-hidden="true">*</span>}
        </label>
        {aside}
      </div>
      {children({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined,
                  "aria-required": required ? true : undefined })}
      {error && (
        <p className="field-error" id={`${id}-error`}>
          <Icon name="circle-alert" />
          <span>{error}</span>
        </p>
      )}
      {help && (
        <p className="field-help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}

type Common = Omit<FieldProps, "children">;

/** A line of text. */
export function TextField({ label, help, error, required, aside, ...rest }: Common & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field {...{ label, help, error, required: required ?? false, aside }}>
      {(control) => <input className="input" type="text" autoComplete="off" {...rest} {...control} />}
    </Field>
  );
}

/** Several lines. */
export function TextAreaField({ label, help, error, required, aside, ...rest }: Common & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Field {...{ label, help, error, required: required ?? false, aside }}>
      {(control) => <textarea className="input" {...rest} {...control} />}
    </Field>
  );
}

export interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

/** One of a few: the browser's own list, which every device shows its own way. */
export function SelectField({ label, help, error, required, aside, options, ...rest }: Common & { options: readonly Option[] } & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Field {...{ label, help, error, required: required ?? false, aside }}>
      {(control) => (
        <select className="input" {...rest} {...control}>
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export interface CheckProps extends InputHTMLAttributes<HTMLInputElement> {
  label: ReactNode;
}

export function Check({ label, ...rest }: CheckProps) {
  return (
    <label className="check">
      <input type="checkbox" {...rest} />
      <span>{label}</span>
    </label>
  );
}

export interface SearchProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
}

/** A search box; its label is for screen readers, the placeholder for everyone else. */
export function Search({ label, ...rest }: SearchProps) {
  return (
    <div className="search">
      <Icon name="search" />
      <input className="input" type="search" aria-label={label} autoComplete="off" spellCheck={false} {...rest} />
    </div>
  );
}
