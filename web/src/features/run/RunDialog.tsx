// SPDX-License-Identifier: Apache-2.0
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useNavigate } from "react-router-dom";
import { useActions } from "@/api/actions";
import type { OptionsOf } from "@/api/actions";
import { executionKeys } from "@/api/executions";
import type { ExecutionStart } from "@/api/types";
import { ReferenceInput } from "@/features/forms/ReferenceInput";
import { Button, Check, Dialog, Field, Notice, TextAreaField, TextField } from "@/ui/kit";
import { initialOf, kindOf, optionsOf, parametersOf, readParameters } from "./parameters";
import type { Parameter, Typed } from "./parameters";
import { refusals } from "./refusals";

interface FieldProps {
  parameter: Parameter;
  typed: Typed;
  /** Whose options it has, where it names a thing of the platform. */
  options: OptionsOf | undefined;
  error: string | undefined;
  onChange: (typed: Typed) => void;
}

function ParameterField({ parameter, typed, options, error, onChange }: FieldProps) {
  const common = { label: parameter.name, help: parameter.description ?? undefined, error, required: parameter.required };
  if (typeof typed === "boolean")
    return (
      <Field {...common}>
        {(control) => <Check {...control} label="Yes" checked={typed} onChange={(event) => onChange(event.target.checked)} />}
      </Field>
    );
  if (options)
    return (
      <Field {...common}>
        {(control) => <ReferenceInput control={control} label={parameter.name} of={options} value={typed} onChange={(id) => onChange(id ?? "")} />}
      </Field>
    );
  if (kindOf(parameter) === "json")
    return <TextAreaField {...common} spellCheck={false} className="input mono" rows={5} value={typed} onChange={(event) => onChange(event.target.value)} />;
  return (
    <TextField {...common} inputMode={kindOf(parameter) === "number" ? "decimal" : "text"} value={typed}
               onChange={(event) => onChange(event.target.value)} />
  );
}

export interface RunDialogProps {
  name: string;
  dag: Record<string, unknown>;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Starts it, with what was typed. */
  start: (params: Record<string, unknown>) => Promise<ExecutionStart>;
}

function RunForm({ name, dag, onOpenChange, start }: RunDialogProps) {
  const parameters = useMemo(() => parametersOf(dag), [dag]);
  const [typed, setTyped] = useState<Record<string, Typed>>(() =>
    Object.fromEntries(parameters.map((parameter) => [parameter.name, initialOf(parameter)])),
  );
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { data: catalogue } = useActions();
  const navigate = useNavigate();
  const client = useQueryClient();
  const run = useMutation({
    mutationFn: start,
    onSuccess: (started) => {
      void client.invalidateQueries({ queryKey: executionKeys.all });
      void navigate(`/executions/${started.execution_id}`);
    },
  });
  const refused = refusals(run.error, "/params");
  const submit = () => {
    const reading = readParameters(parameters, typed);
    setErrors(reading.errors);
    if (Object.keys(reading.errors).length === 0) run.mutate(reading.params);
  };
  return (
    <Dialog open onOpenChange={onOpenChange} title={`Run ${name}`} onSubmit={submit}
            description={parameters.length ? "What is left empty takes its default." : "It takes no parameters."}
            footer={
              <>
                <Button onClick={() => onOpenChange(false)}>Cancel</Button>
                <Button type="submit" kind="primary" icon="play" busy={run.isPending}>
                  Run
                </Button>
              </>
            }>
      {refused.rest && <Notice tone="bad">{refused.rest}</Notice>}
      {parameters.map((parameter) => (
        <ParameterField key={parameter.name} parameter={parameter} typed={typed[parameter.name] ?? ""}
                        options={optionsOf(parameter, dag, catalogue?.actions ?? [])}
                        error={errors[parameter.name] ?? refused.byName[parameter.name]}
                        onChange={(value) => setTyped((all) => ({ ...all, [parameter.name]: value }))} />
      ))}
    </Dialog>
  );
}

/** Asks for the parameters of a pipeline, starts it, and goes to where it can be watched. */
export function RunDialog(props: RunDialogProps) {
  return props.open ? <RunForm {...props} /> : null;
}
