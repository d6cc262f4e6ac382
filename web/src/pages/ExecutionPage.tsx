// SPDX-License-Identifier: Apache-2.0
import { useMemo } from "react";
import { Link, useParams, useSearchParams } from "react-router-dom";
import { useExecution, useSteps } from "@/api/executions";
import type { Execution } from "@/api/types";
import { usePageTitle } from "@/app/title";
import type { Dag } from "@/features/definition";
import { Compare } from "@/features/run/Compare";
import { Commands, useRetry } from "@/features/run/Commands";
import { EventList } from "@/features/run/EventList";
import { Json } from "@/features/run/Json";
import { Logs } from "@/features/run/Logs";
import { RunGraph } from "@/features/run/RunGraph";
import { StepPanel } from "@/features/run/StepPanel";
import { Timeline } from "@/features/run/Timeline";
import { countStates, isFinal, shownSteps } from "@/features/run/live";
import type { ShownStep } from "@/features/run/live";
import { useLive } from "@/features/run/useLive";
import type { Following } from "@/features/run/useLive";
import { Duration, ErrorState, Moment, Notice, Skeleton, StatusBadge, Tabs, looksOf } from "@/ui/kit";
import { formatDuration } from "@/ui/time";
import "@/features/run/run.css";

function Progress({ percent, etaSeconds, steps }: { percent: number; etaSeconds: number | null; steps: readonly ShownStep[] }) {
  return (
    <div className="run-progress">
      <div className="run-progress-bar" role="progressbar" aria-label="Progress" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(percent)}>
        <span style={{ width: `${percent}%` }} />
      </div>
      <p className="quiet">
        {percent.toFixed(0)} % · {countStates(steps).map(([status, count]) => `${count} ${looksOf(status).word.toLowerCase()}`).join(", ")}
        {etaSeconds !== null && etaSeconds > 0 && ` · about ${formatDuration(etaSeconds * 1000)} left`}
      </p>
    </div>
  );
}

const streamWords: Partial<Record<Following["stream"], string>> = {
  waiting: "The connection is lost; it is opened again in a moment.",
  refused: "The service does not let this execution be followed; reload to see where it is.",
};

function Head({ execution, status, following }: { execution: Execution; status: string; following: Following }) {
  const { workflow_id, workflow_name } = execution.pipeline_definition;
  const stored = workflow_id !== "ephemeral" && workflow_id !== "";
  return (
    <>
      <header className="page-head">
        <div className="grow">
          <h1 className="row">
            <span className="break">{workflow_name}</span> <StatusBadge status={status} />
          </h1>
          <p className="run-facts">
            {stored && <Link to={`/pipelines/${workflow_id}`}>Pipeline{execution.pipeline_revision ? `, version ${execution.pipeline_revision}` : ""}</Link>}
            <span>started <Moment at={execution.start_time ?? execution.created_at} /></span>
            <span>took <Duration from={execution.start_time ?? following.live.startedAt} to={execution.end_time ?? following.live.endedAt} /></span>
            {execution.initiator && <span>by {execution.initiator}</span>}
            {execution.retry_of && <Link to={`/executions/${execution.retry_of}`}>repeats an earlier one</Link>}
          </p>
        </div>
        <Compare execution={execution} />
        <Commands id={execution.id} status={status} />
      </header>
      {streamWords[following.stream] && <Notice tone="warn">{streamWords[following.stream]}</Notice>}
      {execution.error_info?.message && (
        <Notice tone="bad">
          {execution.error_info.code && <code>{execution.error_info.code}</code>} {execution.error_info.message}
        </Notice>
      )}
    </>
  );
}

function Shown({ execution }: { execution: Execution }) {
  const [search, setSearch] = useSearchParams();
  const following = useLive(execution.id);
  const known = useSteps(execution.id);
  const retry = useRetry(execution.id);
  const { live, lines } = following;
  const status = live.lastSequence > 0 ? live.status : execution.status;
  const steps = useMemo(() => shownSteps(execution, live, known.data ?? []), [execution, live, known.data]);
  const selected = search.get("step");
  const step = steps.find((candidate) => candidate.id === selected);
  const view = search.get("view") ?? "graph";
  const dag = execution.pipeline_definition.dag as Dag;
  usePageTitle(`${execution.pipeline_definition.workflow_name}: ${looksOf(status).word}`);

  const change = (name: string, value: string | null) =>
    setSearch(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === null) after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  const written = (dag["steps"] as { id?: string; params?: unknown }[] | undefined)?.find((item) => item.id === selected)?.params;

  return (
    <div className="page run-page">
      <Head execution={execution} status={status} following={following} />
      <Progress percent={isFinal(status) && status === "COMPLETED" ? 100 : live.percent} etaSeconds={status === "RUNNING" ? live.etaSeconds : null} steps={steps} />
      <div className="run-body" data-with-step={step ? "" : undefined}>
        <Tabs label="Views of the execution" value={view} onChange={(id) => change("view", id)}
              tabs={[
                { id: "graph", label: "Graph", content: <RunGraph dag={dag} steps={steps} selected={selected} onSelect={(id) => change("step", id)} /> },
                {
                  id: "timeline",
                  label: "Timeline",
                  content: (
                    <div className="card">
                      <Timeline live={live} steps={steps} selected={selected} onSelect={(id) => change("step", id)} />
                    </div>
                  ),
                },
                { id: "outputs", label: "Outputs", content: <Ends execution={execution} /> },
                { id: "log", label: "Log", content: <div className="card card-body"><Logs executionId={execution.id} live={lines} /></div> },
                { id: "events", label: "Events", content: <div className="card card-body"><EventList events={live.events} /></div> },
              ]} />
        {step && (
          <StepPanel key={step.id} executionId={execution.id} step={step} written={written} events={live.events} lines={lines}
                     onRetry={isFinal(status) ? () => retry.mutate(step.id) : undefined} onClose={() => change("step", null)} />
        )}
      </div>
    </div>
  );
}

function Ends({ execution }: { execution: Execution }) {
  return (
    <div className="card card-body stack">
      <section>
        <h2>Outputs</h2>
        {execution.final_outputs ? <Json label="Outputs" value={execution.final_outputs} /> : <p className="quiet">It has none yet.</p>}
      </section>
      <section>
        <h2>Parameters</h2>
        <Json label="Parameters" value={execution.pipeline_definition.params ?? {}} />
      </section>
    </div>
  );
}

export function Component() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useExecution(id);
  usePageTitle("Execution");
  if (isPending)
    return (
      <div className="page">
        <Skeleton lines={6} label="Loading the execution" />
      </div>
    );
  if (!data)
    return (
      <ErrorState error={error} title="The execution could not be loaded" onRetry={() => void refetch()} />
    );
  return <Shown key={data.id} execution={data} />;
}

