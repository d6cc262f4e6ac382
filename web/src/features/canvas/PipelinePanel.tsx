// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Json } from "@/api/types";
import { isObject, parametersOf, renameParameter, setFields } from "@/features/definition";
import { TemplateInput } from "@/features/forms/TemplateInput";
import { JsonInput } from "@/features/forms/JsonInput";
import { hasTemplate } from "@/features/forms/rules";
import { useBroken } from "@/features/forms/useBroken";
import { Button, Check, Field, IconButton, Notice, Tabs, TextAreaField, TextField } from "@/ui/kit";
import { Previews } from "./PastRuns";
import { referencesFor, useEditor } from "./editor";

const types = ["string", "integer", "float", "boolean", "array", "object", "model_ref", "cluster_ref", "endpoint_ref", "project_ref", "credential_ref"];

type Item = { readonly [name: string]: Json };

function useList(member: string): { items: readonly Item[]; set: (items: readonly Item[], label: string, merge?: string) => void } {
  const { store, dag } = useEditor();
  const value = dag[member];
  const items = (Array.isArray(value) ? (value as readonly Json[]) : []).filter(isObject);
  return { items, set: (next, label, merge) => store.apply(label, setFields({ [member]: next }), merge) };
}

type TellBroken = (name: string, isBroken: boolean) => void;

function ParameterCard({ item, index, onBroken }: { item: Item; index: number; onBroken: TellBroken }) {
  const { store, dag } = useEditor();
  const { items, set } = useList("parameters");
  const [broken, setBroken] = useState<string | null>(null);
  const tellBroken = useCallback(
    (problem: string | null) => {
      setBroken(problem);
      onBroken(String(index), problem !== null);
    },
    [onBroken, index],
  );
  useEffect(() => () => onBroken(String(index), false), [onBroken, index]);
  const name = typeof item["name"] === "string" ? item["name"] : "";
  const [typed, setTyped] = useState(name);
  const change = (patch: Record<string, Json | undefined>) => {
    const next = Object.fromEntries(Object.entries({ ...item, ...patch }).filter(([, value]) => value !== undefined)) as Item;
    set(items.map((other, at) => (at === index ? next : other)), "Change a parameter of the pipeline", `parameter ${index}`);
  };
  const taken = typed !== name && parametersOf(dag).some((other) => other.name === typed);
  const valid = /^[\p{L}_].{0,99}$/u.test(typed) && !taken;
  const rename = () => (valid ? store.apply("Rename a parameter", renameParameter(name, typed)) : setTyped(name));
  return (
    <li className="card list-card">
      <div className="row">
        <div className="grow">
          <TextField label="Name" value={typed} spellCheck={false} error={valid ? null : taken ? "Another parameter has this name" : "Begins with a letter or _, at most 100 characters"}
                     onChange={(event) => setTyped(event.target.value)} onBlur={rename} onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()} />
        </div>
        <IconButton icon="trash" label={`Remove the parameter ${name}`} onClick={() => set(items.filter((_item, at) => at !== index), "Remove a parameter")} />
      </div>
      <Field label="Type">
        {(control) => (
          <select {...control} className="input" value={typeof item["type"] === "string" ? item["type"] : "string"} onChange={(event) => change({ type: event.target.value })}>
            {types.map((type) => (
              <option key={type}>{type}</option>
            ))}
          </select>
        )}
      </Field>
      <TextField label="Description" value={typeof item["description"] === "string" ? item["description"] : ""} onChange={(event) => change({ description: event.target.value || undefined })} />
      <Field label="Default" help="JSON: a text stands in quotes." error={broken}>
        {(control) => <JsonInput control={control} value={item["default"]} placeholder="none" onChange={(value) => change({ default: value as Json | undefined })} onBroken={tellBroken} />}
      </Field>
      <Check label="Required" checked={item["required"] !== false} onChange={(event) => change({ required: event.target.checked ? undefined : false })} />
    </li>
  );
}

function Parameters({ onBroken }: { onBroken: (broken: boolean) => void }) {
  const tellBroken = useBroken(onBroken);
  const { dag } = useEditor();
  const { items, set } = useList("parameters");
  const add = () => {
    const taken = new Set(parametersOf(dag).map((parameter) => parameter.name));
    let number = items.length + 1;
    while (taken.has(`param_${number}`)) number++;
    set([...items, { name: `param_${number}`, type: "string", required: false }], "Add a parameter");
  };
  return (
    <div className="stack">
      <p className="quiet">What a run is asked for. Templates read them as <code>params.NAME</code>.</p>
      <ul className="stack">
        {items.map((item, index) => (
          <ParameterCard key={`${index} ${String(item["name"])}`} item={item} index={index} onBroken={tellBroken} />
        ))}
      </ul>
      <Button icon="plus" onClick={add}>
        Add a parameter
      </Button>
    </div>
  );
}

function Outputs() {
  const { store, dag, routes, byType } = useEditor();
  const references = useMemo(() => referencesFor(dag, routes, byType, null), [dag, routes, byType]);
  const outputs = isObject(dag["outputs"]) ? dag["outputs"] : {};
  const entries = Object.entries(outputs);
  const set = (next: readonly (readonly [string, Json])[], label: string, merge?: string) => store.apply(label, setFields({ outputs: Object.fromEntries(next) }), merge);
  const free = () => {
    for (let number = entries.length + 1; ; number++) if (!(`output_${number}` in outputs)) return `output_${number}`;
  };
  return (
    <div className="stack">
      <p className="quiet">What an execution comes to when it has completed.</p>
      <ul className="stack">
        {entries.map(([name, value], index) => (
          <li key={index} className="card list-card">
            <div className="row">
              <div className="grow">
                <TextField label="Name" value={name} spellCheck={false}
                           onChange={(event) => !(event.target.value in outputs) && set(entries.map((entry, at) => (at === index ? [event.target.value, value] as const : entry)), "Rename an output", `output ${index}`)} />
              </div>
              <IconButton icon="trash" label={`Remove the output ${name}`} onClick={() => set(entries.filter((_entry, at) => at !== index), "Remove an output")} />
            </div>
            <Field label="Value">
              {(control) => (
                <TemplateInput control={control} references={references} value={typeof value === "string" ? value : JSON.stringify(value)} placeholder="{{ steps.NAME.outputs.VALUE }}"
                               onChange={(text) => set(entries.map((entry, at) => (at === index ? [name, text] as const : entry)), "Change an output", `output ${index} value`)} />
              )}
            </Field>
          </li>
        ))}
      </ul>
      <Button icon="plus" onClick={() => set([...entries, [free(), ""]], "Add an output")}>
        Add an output
      </Button>
    </div>
  );
}

function Settings() {
  const { store, dag } = useEditor();
  const settings = isObject(dag["settings"]) ? dag["settings"] : {};
  const set = (name: string, value: Json | undefined) => {
    const next = Object.fromEntries(Object.entries({ ...settings, [name]: value }).filter(([, item]) => item !== undefined)) as Item;
    store.apply("Change a setting", setFields({ settings: next }), `setting ${name}`);
  };
  const number = (name: string) => (typeof settings[name] === "number" ? settings[name] : "");
  const numberField = (name: string, label: string, help: string, placeholder: string, max?: number) => (
    <Field label={label} help={help}>
      {(control) => (
        <input {...control} className="input" type="number" min={1} max={max} placeholder={placeholder} value={number(name)}
               onChange={(event) => set(name, event.target.value === "" ? undefined : event.target.valueAsNumber)} />
      )}
    </Field>
  );
  return (
    <div className="stack">
      <TextField label="Name" value={typeof dag["name"] === "string" ? dag["name"] : ""} required
                 onChange={(event) => store.apply("Rename the pipeline", setFields({ name: event.target.value }), "name")} />
      <TextAreaField label="Description" value={typeof dag["description"] === "string" ? dag["description"] : ""}
                     onChange={(event) => store.apply("Change the description", setFields({ description: event.target.value || undefined }), "description")} />
      {numberField("timeout_seconds", "Time limit (seconds)", "Of a whole execution; empty: none.", "none")}
      {numberField("max_parallel_steps", "Steps at once", "At most; 1 to 100.", "10", 100)}
      <Check label="Stop at the first failure" checked={settings["fail_fast"] !== false} onChange={(event) => set("fail_fast", event.target.checked ? undefined : false)} />
      <Check label="Skip a step when all before it were skipped" checked={settings["skip_propagation"] === "all"}
             onChange={(event) => set("skip_propagation", event.target.checked ? "all" : undefined)} />
    </div>
  );
}

/** What belongs to the pipeline as a whole. */
export function PipelinePanel({ onClose, onBroken }: { onClose: () => void; onBroken: (broken: boolean) => void }) {
  const [tab, setTab] = useState("settings");
  const { dag, problems } = useEditor();
  const own = problems.filter((problem) => problem.step === null);
  return (
    <aside className="editor-panel" aria-label="The pipeline" onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}>
      <header className="editor-panel-head">
        <h2 className="grow">The pipeline</h2>
        <IconButton icon="x" label="Close the panel" keys="Esc" onClick={onClose} />
      </header>
      {own.length > 0 && (
        <Notice tone={own.some((problem) => problem.severity === "error") ? "bad" : "warn"}>
          <ul>
            {own.map((problem, index) => (
              <li key={index}>{problem.message}</li>
            ))}
          </ul>
        </Notice>
      )}
      <Tabs label="About the pipeline" value={tab} onChange={setTab}
            tabs={[
              { id: "settings", label: "Settings", content: <Settings /> },
              { id: "parameters", label: "Parameters", content: <Parameters onBroken={onBroken} /> },
              { id: "outputs", label: "Outputs", content: <Previews stepId={null} active={hasTemplate(dag["outputs"])}><Outputs /></Previews> },
            ]} />
    </aside>
  );
}
