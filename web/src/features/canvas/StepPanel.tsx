// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useRef, useState } from "react";
import { looksOfAction } from "@/api/actions";
import type { Action, Json } from "@/api/types";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import {
  actionOf, branchesOf, conditionOf, dependenciesOf, descendantsOf, idOf, implyDependencies, nameOf, all, paramsOf, problemsOfField, problemsOfStep, removeSteps,
  renameStep, setParams, setStepFields, stepsOf, whyNoId,
} from "@/features/definition";
import type { Marked, Step } from "@/features/definition";
import { ParamForm } from "@/features/forms/ParamForm";
import { TemplateInput } from "@/features/forms/TemplateInput";
import { hasTemplate, isVisible, providerOf } from "@/features/forms/rules";
import { Button, Check, Field, IconButton, Notice, Tabs, TextField } from "@/ui/kit";
import { Previews } from "./PastRuns";
import { RetryFields } from "./RetryFields";
import { newStep } from "./adding";
import { referencesFor, useEditor } from "./editor";

function IdField({ step }: { step: Step }) {
  const { store, dag, routes, select } = useEditor();
  const id = idOf(step);
  const [text, setText] = useState(id);
  const taken = text !== id && stepsOf(dag).some((other) => idOf(other) === text);
  const problem = text === id ? null : (whyNoId(text) ?? (taken ? "Another step has this id" : null));
  const rename = () => {
    if (text === id || problem) {
      setText(id);
      return;
    }
    store.apply("Rename a step", renameStep(id, text, routes));
    select([text]);
  };
  return (
    <TextField label="Id" help="What templates call it; they follow when it changes." error={problem} value={text} spellCheck={false} className="input mono"
               onChange={(event) => setText(event.target.value)} onBlur={rename}
               onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()} />
  );
}

function Examples({ step, action, onAbout }: { step: Step; action: Action; onAbout: (action: Action) => void }) {
  const { store, dag, select, arranged } = useEditor();
  const insert = (example: Action["examples"][number]) => {
    const { id, command } = newStep(dag, arranged.places, action, { after: idOf(step), params: example.params });
    store.apply(`Add the example “${example.title}”`, command);
    select([id]);
  };
  const take = (example: Action["examples"][number]) => {
    const gone = Object.fromEntries(Object.keys(paramsOf(step)).map((name) => [name, undefined]));
    store.apply(`Take the example “${example.title}”`, setParams(idOf(step), { ...gone, ...(example.params as Record<string, Json>) }));
  };
  return (
    <div className="stack">
      <p className="quiet">{action.description}</p>
      <Button size="s" icon="book" onClick={() => onAbout(action)}>
        About this action
      </Button>
      {action.examples.map((example) => (
        <section key={example.title} className="example">
          <h3>{example.title}</h3>
          {example.description && <p className="quiet">{example.description}</p>}
          <pre className="example-params">{JSON.stringify(example.params, null, 2)}</pre>
          <div className="row">
            <Button size="s" onClick={() => take(example)}>
              Use these parameters
            </Button>
            <Button size="s" icon="plus" onClick={() => insert(example)}>
              Add as a step
            </Button>
          </div>
        </section>
      ))}
    </div>
  );
}

/** Which steps it runs after: the way to connect without a mouse. */
function Dependencies({ step }: { step: Step }) {
  const { store, dag, routes } = useEditor();
  const id = idOf(step);
  const after = descendantsOf(dag, routes, id);
  const chosen = new Set(dependenciesOf(step));
  const others = stepsOf(dag).filter((other) => idOf(other) !== id);
  const toggle = (other: string, on: boolean) => {
    const next = others.map(idOf).filter((candidate) => (candidate === other ? on : chosen.has(candidate)));
    store.apply(on ? "Connect" : "Disconnect", all(setStepFields(id, { depends_on: next }), implyDependencies(routes)));
  };
  return (
    <fieldset className="plain-set">
      <legend className="field-label">Runs after</legend>
      {others.length === 0 && <p className="quiet">There is no other step yet.</p>}
      <div className="dependency-list">
        {others.map((other) => {
          const otherId = idOf(other);
          const cycle = after.has(otherId);
          const led = branchesOf(other, routes).some((branch) => branch.target === id);
          return (
            <Check key={otherId} checked={chosen.has(otherId)} disabled={cycle || led}
                   label={<>{nameOf(other)} {cycle ? <span className="quiet">– comes after this one</span> : led && <span className="quiet">– one of its branches leads here</span>}</>}
                   onChange={(event) => toggle(otherId, event.target.checked)} />
          );
        })}
      </div>
    </fieldset>
  );
}

function Flow({ step }: { step: Step }) {
  const { store, dag, routes, byType, problems } = useEditor();
  const id = idOf(step);
  const references = useMemo(() => referencesFor(dag, routes, byType, id), [dag, routes, byType, id]);
  const set = (name: string, value: Json | undefined) => store.apply("Change a step", setStepFields(id, { [name]: value }), `${id} ${name}`);
  const errorOf = (field: string) => problemsOfField(problems, id, [field])[0]?.message;
  const onFailure = typeof step["on_failure"] === "string" ? step["on_failure"].toLowerCase() : "fail";
  const timeout = step["timeout_seconds"];
  return (
    <div className="stack">
      <Dependencies step={step} />
      <Field label="Condition" help="Runs only if this is true; empty: always." error={errorOf("condition")}>
        {(control) => (
          <TemplateInput control={control} references={references} rows={1} condition placeholder="{{ steps.check.outputs.ok }}" value={conditionOf(step)}
                         onChange={(text) => set("condition", text || undefined)} />
        )}
      </Field>
      <Field label="When it fails" error={errorOf("on_failure")}>
        {(control) => (
          <select {...control} className="input" value={onFailure} onChange={(event) => set("on_failure", event.target.value === "fail" ? undefined : event.target.value)}>
            <option value="fail">the pipeline fails</option>
            <option value="continue">the pipeline goes on</option>
            <option value="retry">it is tried again</option>
          </select>
        )}
      </Field>
      {onFailure === "retry" && <RetryFields retry={step["retry"]} error={errorOf("retry")} onChange={(retry) => set("retry", retry)} />}
      <Field label="Timeout of an attempt (seconds)" help="Empty: as its action says." error={errorOf("timeout_seconds")}>
        {(control) => (
          <input {...control} className="input" type="number" min={1} value={typeof timeout === "number" ? timeout : ""}
                 onChange={(event) => set("timeout_seconds", event.target.value === "" ? undefined : event.target.valueAsNumber)} />
        )}
      </Field>
      <Field label="Repeating" help="What may happen when nobody knows how an attempt ended." error={errorOf("effect")}>
        {(control) => (
          <select {...control} className="input" value={typeof step["effect"] === "string" ? step["effect"] : ""} onChange={(event) => set("effect", event.target.value || undefined)}>
            <option value="">as its action says</option>
            <option value="idempotent">safe to repeat</option>
            <option value="once">never repeat silently</option>
          </select>
        )}
      </Field>
      <Field label="Outputs" help="Names that other people should know of, separated by commas." error={errorOf("outputs")}>
        {(control) => <OutputNames control={control} step={step} onChange={(names) => set("outputs", names)} />}
      </Field>
    </div>
  );
}

function OutputNames({ control, step, onChange }: { control: React.InputHTMLAttributes<HTMLInputElement>; step: Step; onChange: (names: Json | undefined) => void }) {
  const names = Array.isArray(step["outputs"]) ? (step["outputs"] as readonly Json[]).filter((name): name is string => typeof name === "string") : [];
  const [text, setText] = useState(names.join(", "));
  const take = () => {
    const next = text.split(",").map((name) => name.trim()).filter(Boolean);
    onChange(next.length ? next : undefined);
  };
  return <input {...control} className="input" value={text} onChange={(event) => setText(event.target.value)} onBlur={take} />;
}

/** The problems that no field shows. */
function Findings({ problems, fields }: { problems: readonly Marked[]; fields: ReadonlySet<string> }) {
  const loose = problems.filter(({ path: [member, param] }) => member !== "params" || param === undefined || !fields.has(param));
  if (loose.length === 0) return null;
  return (
    <Notice tone={loose.some((problem) => problem.severity === "error") ? "bad" : "warn"}>
      <ul>
        {loose.map((problem, index) => (
          <li key={index}>{problem.message}</li>
        ))}
      </ul>
    </Notice>
  );
}

/** The first problem of each parameter, and of each thing inside one. */
function errorsByPath(problems: readonly Marked[]): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { path: [member, ...path], message } of problems) {
    if (member !== "params" || path[0] === undefined) continue;
    errors[path[0]] ??= message;
    errors[path.join("/")] ??= message;
  }
  return errors;
}

export interface StepPanelProps {
  step: Step;
  onClose: () => void;
  onBroken: (broken: boolean) => void;
  onAbout: (action: Action) => void;
}

/** Everything about one step, as a form. What is typed is the document at once; undo takes it back. */
export function StepPanel({ step, onClose, onBroken, onAbout }: StepPanelProps) {
  const { store, dag, routes, byType, problems, select } = useEditor();
  const id = idOf(step);
  const [tab, setTab] = useState("params");
  const panel = useRef<HTMLElement>(null);
  const action = byType.get(actionOf(step));
  const looks = looksOfAction(byType, actionOf(step));
  const references = useMemo(() => referencesFor(dag, routes, byType, id), [dag, routes, byType, id]);
  const targets = useMemo(() => stepsOf(dag).filter((other) => idOf(other) !== id).map((other) => ({ id: idOf(other), name: nameOf(other) })), [dag, id]);
  const own = problemsOfStep(problems, id);
  const fields = new Set((action?.params ?? []).filter((param) => isVisible(param, paramsOf(step), action?.params ?? [])).map((param) => param.name));
  const errors = errorsByPath(own);

  useEffect(() => () => onBroken(false), [onBroken]);

  const setParam = (name: string, value: unknown) =>
    store.apply("Change a parameter", all(setParams(id, { [name]: value as Json | undefined }), implyDependencies(routes)), `${id} param ${name}`);
  const remove = () => {
    store.apply("Delete a step", removeSteps([id], routes));
    select([]);
  };
  return (
    <aside ref={panel} className="editor-panel" aria-label={`Step ${nameOf(step)}`}
           onKeyDown={(event) => {
             if (event.key === "Escape" && !event.defaultPrevented) onClose();
           }}>
      <header className="editor-panel-head">
        <ActionIcon icon={looks.icon} color={looks.color} />
        <div className="grow">
          <input className="input editor-name" aria-label="Name of the step" value={nameOf(step)} data-first-field=""
                 onChange={(event) => store.apply("Rename a step", setStepFields(id, { name: event.target.value }), `${id} name`)} />
          <p className="quiet">{looks.name}</p>
        </div>
        <IconButton icon="trash" label="Delete this step" keys="Del" onClick={remove} />
        <IconButton icon="x" label="Close the panel" keys="Esc" onClick={onClose} />
      </header>
      {!looks.known && <Notice tone="warn">This service has no action “{actionOf(step)}”. Its parameters can be changed as text.</Notice>}
      {action?.unavailable && <Notice tone="bad">{action.unavailable}</Notice>}
      {action?.deprecated && <Notice tone="warn">{action.deprecated}</Notice>}
      <Findings problems={own} fields={fields} />
      <Tabs label="About the step" value={tab} onChange={setTab}
            tabs={[
              {
                id: "params",
                label: "Parameters",
                content: action && (
                  <Previews stepId={id} active={hasTemplate(paramsOf(step))}>
                    <ParamForm key={id} params={action.params} values={paramsOf(step)} errors={errors}
                               surroundings={{ action: action.type, providerId: providerOf(action.params, paramsOf(step)), references, targets }} onChange={setParam} onBroken={onBroken} />
                  </Previews>
                ),
              },
              { id: "flow", label: "Flow", content: <Previews stepId={id} active={conditionOf(step) !== ""}><Flow key={id} step={step} /></Previews> },
              { id: "id", label: "Id", content: <IdField key={id} step={step} /> },
              ...(action ? [{ id: "examples", label: "Examples", content: <Examples step={step} action={action} onAbout={onAbout} /> }] : []),
            ]} />
    </aside>
  );
}
