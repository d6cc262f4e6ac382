// SPDX-License-Identifier: Apache-2.0
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router-dom";
import { executionKeys, getExecution, getSteps } from "@/api/executions";
import type { Execution, Step } from "@/api/types";
import { usePageTitle } from "@/app/title";
import { Json } from "@/features/run/Json";
import { pairSteps, slowerBy } from "@/features/run/compare";
import type { StepPair } from "@/features/run/compare";
import { isFinal } from "@/features/run/live";
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

const askedAgainMs = 2000;

/** One execution with its steps, asked again until it has ended. The steps are asked last: of one that has ended they are
 * all at their end. */
function useSide(id: string) {
  return useQuery({
    queryKey: executionKeys.side(id),
    queryFn: async ({ signal }) => ({ execution: await getExecution(id, signal), steps: await getSteps(id, signal) }),
    refetchInterval: ({ state }) => (state.data && !isFinal(state.data.execution.status) ? askedAgainMs : false),
  });
}

export function Component() {
  const { id = "", other = "" } = useParams();
  const left = useSide(id);
  const right = useSide(other);
  const [onlyDifferent, setOnlyDifferent] = useState(false);
  usePageTitle("Two executions");
  const error = left.error ?? right.error;
  if (!left.data || !right.data)
    return error ? (
      <ErrorState error={error} title="The executions could not be loaded" />
    ) : (
      <div className="page">
        <Skeleton lines={8} label="Loading both executions" />
      </div>
    );
  const pairs = pairSteps(left.data, right.data);
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
        <Title execution={left.data.execution} />
        <Title execution={right.data.execution} />
      </div>
      {(onlyDifferent ? different : pairs).map((pair) => (
        <Pair key={pair.id} pair={pair} />
      ))}
    </div>
  );
}
