// SPDX-License-Identifier: Apache-2.0
/** One step of an action, run by itself to see what it does. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { cancelExecution, executionKeys, runDefinition, useExecution, useSteps } from "@/api/executions";
import type { Action, Execution } from "@/api/types";
import { effects } from "@/features/catalogue/ActionPage";
import { stepOf } from "@/features/catalogue/step";
import { emptyDag } from "@/features/definition";
import { ParamForm } from "@/features/forms/ParamForm";
import { checkParams, providerOf } from "@/features/forms/rules";
import type { Params } from "@/features/forms/rules";
import { Button, ButtonLink, Dialog, Duration, ErrorState, Notice, Skeleton, StatusBadge, useToaster } from "@/ui/kit";
import { Json } from "./Json";
import { Logs } from "./Logs";
import { isFinal, shownSteps } from "./live";
import { refusals } from "./refusals";
import { useLive } from "./useLive";
import "./run.css";


function Course({ execution, onEnd }: { execution: Execution; onEnd: () => void }) {
  const toaster = useToaster();
  const { live, lines } = useLive(execution.id);
  const known = useSteps(execution.id);
  const cancel = useMutation({
    mutationFn: () => cancelExecution(execution.id, "cancelled in the editor"),
    onError: (error) => toaster.failed("It could not be cancelled", error),
  });
  const status = live.lastSequence > 0 ? live.status : execution.status;
  const ended = isFinal(status);
  const [step] = shownSteps(execution, live, known.data ?? []);
  useEffect(() => {
    if (ended) onEnd();
  }, [ended, onEnd]);
  if (!step) return null;
  return (
    <>
      <div className="row" role="status">
        <StatusBadge status={ended ? status : step.status} />
        <Duration from={step.startedAt} to={step.endedAt} />
        {step.percent !== null && !ended && <span className="quiet">{step.percent.toFixed(0)} %</span>}
        <span className="grow" />
        {!ended && (
          <Button size="s" icon="ban" busy={cancel.isPending} onClick={() => cancel.mutate()}>
            Stop it
          </Button>
        )}
        <ButtonLink size="s" icon="history" to={`/executions/${execution.id}`}>
          Open the execution
        </ButtonLink>
      </div>
      {step.message && (
        <Notice tone="bad">
          {step.code && <code>{step.code}</code>} {step.message}
        </Notice>
      )}
      {step.outputs && Object.keys(step.outputs).length > 0 && (
        <section>
          <h3>Outputs</h3>
          <Json label="Outputs" value={step.outputs} />
        </section>
      )}
      <section>
        <h3>Log</h3>
        <Logs executionId={execution.id} stepId={step.id} live={lines} />
      </section>
    </>
  );
}

function Outcome({ id, onEnd }: { id: string; onEnd: () => void }) {
  const place = useRef<HTMLElement>(null);
  const { data, error, isPending, refetch } = useExecution(id);
  useEffect(() => {
    place.current?.scrollIntoView({ block: "nearest" });
  }, [isPending]);
  return (
    <section ref={place} className="stack try-outcome" aria-label="What came of it">
      {isPending ? (
        <Skeleton label="Loading the execution" />
      ) : data ? (
        <Course execution={data} onEnd={onEnd} />
      ) : (
        <ErrorState error={error} title="The execution could not be loaded" onRetry={() => void refetch()} />
      )}
    </section>
  );
}

export interface TryItProps {
  action: Action;
  /** What the form begins with; undefined: its defaults. */
  params: Params | undefined;
  onClose: () => void;
}

export function TryIt({ action, params, onClose }: TryItProps) {
  const [values, setValues] = useState<Params>(() => stepOf(emptyDag(""), action, params)["params"] as Params);
  const [broken, setBroken] = useState(false);
  const [missing, setMissing] = useState<Readonly<Record<string, string>>>({});
  const [running, setRunning] = useState(false);
  const client = useQueryClient();
  const run = useMutation({
    mutationFn: () => {
      const dag = emptyDag(`Try ${action.name}`);
      return runDefinition({ ...dag, steps: [stepOf(dag, action, values)] }, {});
    },
    onSuccess: () => {
      setRunning(true);
      void client.invalidateQueries({ queryKey: [...executionKeys.all, "list"] });
    },
  });
  const ended = useCallback(() => setRunning(false), []);
  const refused = refusals(run.error, "/pipeline_definition/steps/0/params");
  const change = (name: string, value: unknown) => {
    setValues((before) => Object.fromEntries(Object.entries({ ...before, [name]: value }).filter(([, item]) => item !== undefined)));
    setMissing({});
  };
  const submit = () => {
    const found = checkParams(action.params, values);
    setMissing(found);
    if (!broken && Object.keys(found).length === 0) run.mutate();
  };
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={`Try ${action.name}`} side="right" onSubmit={submit}
            description="It runs as the only step of a pipeline that is not kept."
            footer={
              <>
                <Button onClick={onClose}>Close</Button>
                <Button type="submit" kind="primary" icon="play" busy={run.isPending} disabled={broken || running}>
                  Run
                </Button>
              </>
            }>
      {action.effect !== "pure" && <Notice tone="warn">This is no rehearsal. {effects[action.effect]}</Notice>}
      {refused.rest && <Notice tone="bad">{refused.rest}</Notice>}
      <ParamForm params={action.params} values={values} errors={{ ...refused.byName, ...missing }} surroundings={{ action: action.type, providerId: providerOf(action.params, values), references: [], targets: [] }} onChange={change} onBroken={setBroken} />
      {run.data && <Outcome key={run.data.execution_id} id={run.data.execution_id} onEnd={ended} />}
    </Dialog>
  );
}
