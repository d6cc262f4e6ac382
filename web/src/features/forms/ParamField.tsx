// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useState } from "react";
import type { ReactNode } from "react";
import type { Param } from "@/api/types";
import { Check, Field, IconButton } from "@/ui/kit";
import type { ControlProps } from "@/ui/kit";
import { BranchesInput } from "./BranchesInput";
import type { Branch, Target } from "./BranchesInput";
import { JsonInput } from "./JsonInput";
import { Preview } from "./Preview";
import { ReferenceInput } from "./ReferenceInput";
import { TemplateInput } from "./TemplateInput";
import type { Reference } from "./completion";
import { checkValue, defaultOf, hasTemplate, isEmpty } from "./rules";

/** What a field sees of the rest of the pipeline. */
export interface Surroundings {
  /** Type of the action whose parameters they are. */
  action: string;
  /** Id of the provider that is chosen, where the action has such a parameter. */
  providerId?: string | undefined;
  references: readonly Reference[];
  targets: readonly Target[];
}

export interface ParamFieldProps {
  param: Param;
  value: unknown;
  surroundings: Surroundings;
  /** What the service says of it. */
  error?: string | undefined;
  /** What it says of something inside: "0/condition". */
  errorWithin?: (path: string) => string | undefined;
  onChange: (value: unknown) => void;
  /** The field holds something that cannot be saved, or no longer. */
  onBroken: (broken: boolean) => void;
}

interface WidgetProps {
  param: Param;
  value: unknown;
  control: ControlProps;
  surroundings: Surroundings;
  onChange: (value: unknown) => void;
  onBroken: (problem: string | null) => void;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value));

/** An empty field shows what counts then: the default, or else an example of what to write. */
function placeholderOf(param: Param): string | undefined {
  const fallback = defaultOf(param);
  return fallback === undefined ? (param.placeholder ?? undefined) : textOf(fallback);
}

function TextWidget({ param, value, control, onChange }: WidgetProps) {
  return (
    <input {...control} className="input" type="text" autoComplete="off" placeholder={placeholderOf(param)} value={textOf(value)}
           onChange={(event) => onChange(event.target.value)} />
  );
}

function NumberWidget({ param, value, control, onChange }: WidgetProps) {
  const { min, max } = param.validation ?? {};
  return (
    <input {...control} className="input" type="number" step="any" min={min} max={max} placeholder={placeholderOf(param)}
           value={typeof value === "number" ? value : ""}
           onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.valueAsNumber)} />
  );
}

function BooleanWidget({ param, value, control, onChange }: WidgetProps) {
  return <Check {...control} label={param.description ?? "Yes"} checked={(isEmpty(value) ? defaultOf(param) : value) === true} onChange={(event) => onChange(event.target.checked)} />;
}

function SelectWidget({ param, value, control, onChange }: WidgetProps) {
  const options = param.options ?? [];
  const fallback = defaultOf(param);
  const named = options.find((option) => option.value === fallback)?.label ?? fallback;
  const unknown = typeof value === "string" && value !== "" && !options.some((option) => option.value === value);
  return (
    <select {...control} className="input" value={textOf(value)} onChange={(event) => onChange(event.target.value || undefined)}>
      <option value="">{named === undefined ? "–" : `${String(named)} (default)`}</option>
      {unknown && <option value={value}>{value} (no choice any more)</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  );
}

function MultiselectWidget({ param, value, control, onChange }: WidgetProps) {
  const counts = isEmpty(value) ? defaultOf(param) : value;
  const chosen = new Set(Array.isArray(counts) ? counts.map(String) : []);
  const toggle = (option: string, on: boolean) => {
    const options = (param.options ?? []).map((item) => item.value);
    onChange(options.filter((item) => (item === option ? on : chosen.has(item))));
  };
  return (
    <div className="choices" role="group" id={control.id} aria-label={param.label} aria-describedby={control["aria-describedby"]}>
      {(param.options ?? []).map((option) => (
        <Check key={option.value} label={option.label} checked={chosen.has(option.value)} onChange={(event) => toggle(option.value, event.target.checked)} />
      ))}
    </div>
  );
}

function RangeWidget({ param, value, control, onChange }: WidgetProps) {
  const [low, high] = Array.isArray(value) ? (value as (number | undefined)[]) : [];
  const { min, max } = param.validation ?? {};
  const fallback = defaultOf(param);
  const [lowest, highest] = Array.isArray(fallback) ? fallback.map(String) : [];
  const number = (read: number) => (Number.isNaN(read) ? undefined : read);
  const set = (next: readonly (number | undefined)[]) => onChange(next.every((bound) => bound === undefined) ? undefined : next.map((bound) => bound ?? null));
  return (
    <div className="row range" role="group" aria-label={param.label}>
      <input {...control} className="input" type="number" step="any" min={min} max={max} aria-label={`${param.label}, from`} placeholder={lowest} value={low ?? ""}
             onChange={(event) => set([number(event.target.valueAsNumber), high])} />
      <span aria-hidden="true">–</span>
      <input className="input" type="number" step="any" min={min} max={max} aria-label={`${param.label}, to`} placeholder={highest} value={high ?? ""}
             onChange={(event) => set([low, number(event.target.valueAsNumber)])} />
    </div>
  );
}

function JsonWidget({ param, value, control, onChange, onBroken }: WidgetProps) {
  return (
    <>
      <JsonInput control={control} value={value} placeholder={placeholderOf(param)} onChange={onChange} onBroken={onBroken} />
      {!control["aria-invalid"] && <Preview value={value} />}
    </>
  );
}

function TemplateWidget({ param, value, control, surroundings, onChange }: WidgetProps) {
  return (
    <TemplateInput control={control} references={surroundings.references} placeholder={placeholderOf(param) ?? "{{ steps.NAME.outputs.VALUE }}"}
                   rows={param.type === "template" ? 3 : 2} value={textOf(value)} onChange={onChange} />
  );
}

function ReferenceWidget({ param, value, control, surroundings, onChange }: WidgetProps) {
  const providerId = param.type === "cloud_model_ref" ? surroundings.providerId : undefined;
  return (
    <ReferenceInput control={control} label={param.label} of={{ action: surroundings.action, param: param.name, providerId }} value={textOf(value)}
                    placeholder={param.placeholder ?? undefined} onChange={onChange} />
  );
}

const widgets: Record<Param["type"], (props: WidgetProps) => ReactNode> = {
  string: TextWidget,
  number: NumberWidget,
  boolean: BooleanWidget,
  select: SelectWidget,
  multiselect: MultiselectWidget,
  json: JsonWidget,
  template: TemplateWidget,
  branches: () => null,
  range: RangeWidget,
  model_ref: ReferenceWidget,
  cluster_ref: ReferenceWidget,
  project_ref: ReferenceWidget,
  endpoint_ref: ReferenceWidget,
  provider_ref: ReferenceWidget,
  credential_ref: ReferenceWidget,
  cloud_model_ref: ReferenceWidget,
};

/** A text that is a template as a whole is edited as one; a template inside a list or an object as JSON. */
const startsAsTemplate = (param: Param, value: unknown): boolean => param.type !== "template" && typeof value === "string" && hasTemplate(value);

/** One parameter: its widget by its type, or the text of a template in its place. */
export function ParamField({ param, value, surroundings, error, errorWithin, onChange, onBroken }: ParamFieldProps) {
  const [asTemplate, setAsTemplate] = useState(() => startsAsTemplate(param, value));
  const [broken, setBroken] = useState<string | null>(null);
  const tellBroken = useCallback(
    (problem: string | null) => {
      setBroken(problem);
      onBroken(problem !== null);
    },
    [onBroken],
  );
  useEffect(() => () => onBroken(false), [onBroken]);
  const switchTo = (template: boolean) => {
    tellBroken(null);
    setAsTemplate(template);
    onChange(template ? (typeof value === "string" && value !== "" ? value : "{{ ") : undefined);
  };

  if (param.type === "branches" && !asTemplate)
    return (
      <BranchesInput label={param.label} branches={Array.isArray(value) ? (value as Branch[]) : []} targets={surroundings.targets}
                     references={surroundings.references} error={error} errorWithin={errorWithin} onChange={onChange} />
    );
  const Widget = asTemplate ? TemplateWidget : widgets[param.type];
  return (
    <Field label={param.label} required={param.required} help={param.type === "boolean" && !asTemplate ? undefined : param.description}
           error={broken ?? error ?? (value === undefined && param.required ? null : checkValue(param, value))}
           aside={
             param.type === "template" ? undefined : (
               <IconButton icon={asTemplate ? "rotate-ccw" : "braces"} size="s" aria-pressed={asTemplate}
                           label={asTemplate ? `${param.label}: choose a value` : `${param.label}: write a template`} onClick={() => switchTo(!asTemplate)} />
             )
           }>
      {(control) => <Widget {...{ param, value, control, surroundings, onChange }} onBroken={tellBroken} />}
    </Field>
  );
}
