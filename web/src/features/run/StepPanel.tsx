// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import type { ReactNode } from "react";
import { looksOfAction, useActions } from "@/api/actions";
import type { Event } from "@/api/types";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import { Badge, Button, Duration, IconButton, Moment, Notice, StatusBadge, Tabs } from "@/ui/kit";
import { EventList } from "./EventList";
import { Json } from "./Json";
import { Logs } from "./Logs";
import { ResolvedParams } from "./ResolvedParams";
import { isFinal } from "./live";
import type { Attempt, ShownStep } from "./live";
import type { LogLine } from "./lines";

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Attempts({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length < 2) return null;
  return (
    <section>
      <h3>Attempts</h3>
      <ol className="attempts">
        {attempts.map((attempt) => (
          <li key={`${attempt.number}-${attempt.from}`}>
            <span className="row">
              <strong>{attempt.number}</strong>
              <StatusBadge status={attempt.end ?? (attempt.waitsSince ? "waiting" : "running")} />
              <Duration from={attempt.from} to={attempt.to} />
            </span>
            {attempt.message && <p className="quiet">{attempt.message}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Overview({ step }: { step: ShownStep }) {
  return (
    <div className="stack">
      {step.message && (
        <Notice tone={step.status === "SKIPPED" ? "info" : "bad"}>
          {step.code && <code>{step.code}</code>} {step.message}
        </Notice>
      )}
      <dl className="facts">
        <Fact name="Started"><Moment at={step.startedAt} /></Fact>
        <Fact name="Took"><Duration from={step.startedAt} to={step.endedAt} /></Fact>
        {step.percent !== null && <Fact name="Progress">{step.percent.toFixed(0)} %</Fact>}
        {step.etaMinutes !== null && <Fact name="Left">{step.etaMinutes} min</Fact>}
        {step.externalId && <Fact name="Waits for"><code className="break">{step.externalId}</code></Fact>}
        {step.deadline && !isFinal(step.status) && (
          <Fact name={step.status === "RETRYING" ? "Next attempt" : "Until"}><Moment at={step.deadline} /></Fact>
        )}
      </dl>
      <Attempts attempts={step.attempts} />
    </div>
  );
}

function Inputs({ executionId, step, written }: { executionId: string; step: ShownStep; written: unknown }) {
  return (
    <div className="stack">
      <section>
        <h3>What they came to</h3>
        <ResolvedParams executionId={executionId} stepId={step.id} status={step.status} />
      </section>
      <section>
        <h3>As written</h3>
        <Json label="Written parameters" value={written ?? {}} />
      </section>
    </div>
  );
}

export interface StepPanelProps {
  executionId: string;
  step: ShownStep;
  /** Its parameters in the definition. */
  written: unknown;
  events: readonly Event[];
  lines: readonly LogLine[];
  /** Offers to run again from here; undefined while the execution goes on. */
  onRetry?: (() => void) | undefined;
  onClose: () => void;
}

/** All there is to know of one step of an execution. */
export function StepPanel({ executionId, step, written, events, lines, onRetry, onClose }: StepPanelProps) {
  const [tab, setTab] = useState("overview");
  const { byType } = useActions();
  const looks = looksOfAction(byType, step.action);
  const own = events.filter((event) => event.step_id === step.id);
  return (
    <section className="card step-panel" aria-label={`Step ${step.name}`}>
      <header className="step-panel-head">
        <ActionIcon icon={looks.icon} color={looks.color} />
        <div className="grow">
          <h2 className="break">{step.name}</h2>
          <p className="quiet">
            <code>{step.id}</code> · {looks.name}
          </p>
        </div>
        <IconButton icon="x" label="Close the step" onClick={onClose} />
      </header>
      <div className="row step-panel-state">
        <StatusBadge status={step.status} />
        {step.reused && <Badge tone="accent">taken over</Badge>}
        <span className="grow" />
        {onRetry && (
          <Button size="s" icon="rotate-ccw" onClick={onRetry}>
            Retry from here
          </Button>
        )}
      </div>
      <Tabs label="About the step" value={tab} onChange={setTab}
            tabs={[
              { id: "overview", label: "Overview", content: <Overview step={step} /> },
              { id: "params", label: "Parameters", content: <Inputs executionId={executionId} step={step} written={written} /> },
              {
                id: "outputs",
                label: "Outputs",
                content: step.outputs && Object.keys(step.outputs).length > 0 ? (
                  <Json label="Outputs" value={step.outputs} />
                ) : (
                  <p className="quiet">{isFinal(step.status) ? "It gave no outputs." : "It has no outputs yet."}</p>
                ),
              },
              { id: "logs", label: "Log", content: <Logs executionId={executionId} stepId={step.id} live={lines} /> },
              { id: "events", label: "Events", content: <EventList events={own} /> },
            ]} />
    </section>
  );
}
