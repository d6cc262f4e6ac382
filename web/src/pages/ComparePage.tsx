// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import { Link, useParams } from "react-router-dom";
import { useExecution, useSteps } from "@/api/executions";
import type { Execution, Step } from "@/api/types";
import { usePageTitle } from "@/app/title";
import { Json } from "@/features/run/Json";
import { pairSteps, slowerBy } from "@/features/run/compare";
import type { StepPair } from "@/features/run/compare";
import { Badge, Check, Duration, ErrorState, Moment, Skeleton, StatusBadge } from "@/ui/kit";
import { formatDuration } from "@/ui/time";
import "@/features/run/run.css";

function Title({ execution }: { execution: Execution }) {
  return (
    <div className="card card-body">
      <h2>
        <Link to={`/executions/${execution.id}`}>{execution.pipeline_definition.workflow_name}</Link>
      </h2>
      <p className="run-facts">
        <StatusBadge status={execution.status} />
        <span>started <Moment at={execution.start_time} /></span>
        <span>took <Duration from={execution.start_time} to={execution.end_time} /></span>
        {execution.pipeline_revision && <span>version {execution.pipeline_revision}</span>}
      </p>
    </div>
  );
}

function Half({ step }: { step: Step | null }) {
  if (!step) return <p className="quiet">There is no such step.</p>;
  return (
    <div className="stack">
      <span className="row">
        <StatusBadge status={step.status} />
        <Duration from={step.start_time} to={step.end_time} />
        {step.retry_count > 0 && <span className="quiet">{step.retry_count + 1} attempts</span>}
      </span>
      {step.error_message && <p className="break">{step.error_message}</p>}
      <Json label="Outputs" value={step.outputs ?? {}} />
    </div>
  );
}

function slower(pair: StepPair): string | null {
  const by = slowerBy(pair);
  if (by === null || by === 0) return null;
  return `${formatDuration(Math.abs(by))} ${by > 0 ? "slower" : "faster"}`;
}

function Pair({ pair }: { pair: StepPair }) {
  return (
    <details className="card compare-pair" open={pair.differs}>
      <summary>
        <span className="grow">
          {pair.name} <code>{pair.id}</code>
        </span>
        {slower(pair) && <span className="quiet">{slower(pair)}</span>}
        <Badge tone={pair.differs ? "warn" : "muted"}>{pair.differs ? "differs" : "same"}</Badge>
      </summary>
      <div className="compare-sides">
        <Half step={pair.left} />
        <Half step={pair.right} />
      </div>
    </details>
  );
}

function useSide(id: string) {
  const execution = useExecution(id);
  const steps = useSteps(id);
  return { execution, steps, error: execution.error ?? steps.error };
}

export function Component() {
  const { id = "", other = "" } = useParams();
  const left = useSide(id);
  const right = useSide(other);
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  usePageTitle("Two executions");
  const error = left.error ?? right.error;
  if (error) return <ErrorState error={error} title="The executions could not be loaded" />;
  if (!left.execution.data || !right.execution.data || !left.steps.data || !right.steps.data)
    return (
      <div className="page">
        <Skeleton lines={8} label="Loading both executions" />
      </div>
    );
  const pairs = pairSteps(
    { execution: left.execution.data, steps: left.steps.data },
    { execution: right.execution.data, steps: right.steps.data },
  );
  const different = pairs.filter((pair) => pair.differs);
  return (
    <div className="page">
      <header className="page-head">
        <div className="grow">
          <h1>Two executions side by side</h1>
          <p>
            {different.length === 0 ? "Every step came to the same." : `${different.length} of ${pairs.length} steps differ.`}
          </p>
        </div>
        <Check label="Only what differs" checked={onlyDifferent} onChange={(event) => setOnlyDifferent(event.target.checked)} />
      </header>
      <div className="compare-sides">
        <Title execution={left.execution.data} />
        <Title execution={right.execution.data} />
      </div>
      {(onlyDifferent ? different : pairs).map((pair) => (
        <Pair key={pair.id} pair={pair} />
      ))}
    </div>
  );
}
