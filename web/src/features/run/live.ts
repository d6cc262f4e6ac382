// SPDX-License-Identifier: Apache-2.0
/**
 * What an execution is at the moment, folded from its events. The service says the same on request; between two requests
 * the events keep the picture true, so that nothing is polled. Pure: no time, no network.
 */
import type { Event, Execution, Step } from "@/api/types";

export type AttemptEnd = "completed" | "failed" | "timeout" | "cancelled" | "interrupted";

/** One try of a step. A wait for an event or a time belongs to the attempt that began it. */
export interface Attempt {
  number: number;
  from: string;
  /** null while it is under way. */
  to: string | null;
  /** Since when it waits for an event or a time; null: it does not. */
  waitsSince: string | null;
  end: AttemptEnd | null;
  code: string | null;
  message: string | null;
}

export interface LiveStep {
  status: string;
  startedAt: string | null;
  endedAt: string | null;
  percent: number | null;
  etaMinutes: number | null;
  attempts: readonly Attempt[];
  code: string | null;
  message: string | null;
  /** When the next attempt starts, or the wait ends. */
  deadline: string | null;
  externalId: string | null;
}

export interface Live {
  status: string;
  percent: number;
  /** How long it still takes, as far as the service can tell; null: it cannot. */
  etaSeconds: number | null;
  startedAt: string | null;
  endedAt: string | null;
  lastSequence: number;
  steps: Readonly<Record<string, LiveStep>>;
  events: readonly Event[];
}

const untouched: LiveStep = {
  status: "PENDING",
  startedAt: null,
  endedAt: null,
  percent: null,
  etaMinutes: null,
  attempts: [],
  code: null,
  message: null,
  deadline: null,
  externalId: null,
};

export const nothingYet: Live = { status: "PENDING", percent: 0, etaSeconds: null, startedAt: null, endedAt: null, lastSequence: 0, steps: {}, events: [] };

const finalStates = new Set(["COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "INTERRUPTED", "SKIPPED"]);

/** True for a state, of a step or an execution, that does not change any more. */
export function isFinal(status: string): boolean {
  return finalStates.has(status.toUpperCase());
}

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** Percentages are texts with two decimals on the wire. */
const percentOf = (value: unknown): number | null => (typeof value === "string" && value !== "" ? Number(value) : numberOf(value));

function endOf(status: string | null): AttemptEnd {
  const word = status?.toLowerCase();
  return word === "completed" || word === "timeout" || word === "cancelled" || word === "interrupted" ? word : "failed";
}

/** The attempts with the last one changed; a new one where there is none to change. */
function withLast(step: LiveStep, event: Event, change: Partial<Attempt>): readonly Attempt[] {
  const last = step.attempts.at(-1);
  if (last && last.to === null) return [...step.attempts.slice(0, -1), { ...last, ...change }];
  return step.attempts.length === 0 && change.to === undefined ? [...step.attempts, begun(event, 1, change)] : step.attempts;
}

function begun(event: Event, number: number, change: Partial<Attempt> = {}): Attempt {
  return { number, from: event.timestamp, to: null, waitsSince: null, end: null, code: null, message: null, ...change };
}

type Change = (step: LiveStep, event: Event, details: Record<string, unknown>) => LiveStep;

/** What each kind of record makes of its step. Kinds that are not here change nothing that is shown of a step. */
const changes: Record<string, Change> = {
  step_started: (step, event, details) => ({
    ...step,
    status: "RUNNING",
    startedAt: step.startedAt ?? event.timestamp,
    attempts: [...step.attempts, begun(event, numberOf(details["attempt"]) ?? step.attempts.length + 1)],
    deadline: null,
    code: null,
    message: null,
  }),
  step_waiting: (step, event, details) => ({
    ...step,
    status: "WAITING",
    attempts: withLast(step, event, { waitsSince: event.timestamp }),
    deadline: textOf(details["deadline"]),
    externalId: textOf(details["external_id"]),
  }),
  step_progress: (step, _event, details) => ({
    ...step,
    percent: percentOf(details["step_progress"]) ?? step.percent,
    etaMinutes: numberOf(details["eta_minutes"]) ?? step.etaMinutes,
  }),
  step_retrying: (step, event, details) => ({
    ...step,
    status: "RETRYING",
    attempts: withLast(step, event, {
      to: event.timestamp,
      end: "failed",
      code: textOf(details["code"]),
      message: textOf(details["message"]),
    }),
    deadline: textOf(details["deadline"]),
    code: textOf(details["code"]),
    message: textOf(details["message"]),
  }),
  step_reused: (step, event) => ({ ...step, status: "COMPLETED", endedAt: event.timestamp }),
  step_ended: (step, event, details) => ({
    ...step,
    status: event.step_status ?? "COMPLETED",
    endedAt: event.timestamp,
    attempts: withLast(step, event, {
      to: event.timestamp,
      end: endOf(event.step_status),
      code: textOf(details["code"]),
      message: textOf(details["message"]),
    }),
    percent: null,
    etaMinutes: null,
    deadline: null,
    code: textOf(details["code"]),
    message: textOf(details["message"]),
  }),
};

function stepsAfter(live: Live, event: Event): Live["steps"] {
  const change = changes[event.record];
  if (!event.step_id || !change) return live.steps;
  const before = live.steps[event.step_id] ?? untouched;
  return { ...live.steps, [event.step_id]: change(before, event, event.event_details ?? {}) };
}

/** The end of one that did not complete says nothing of how far it came. */
function percentAfter(before: number, event: Event): number {
  const isHowFar = event.record !== "execution_ended" || event.execution_status === "COMPLETED";
  return event.progress_percentage !== null && isHowFar ? Number(event.progress_percentage) : before;
}

/** The picture after some more events, in order; those that it has already change nothing. */
export function fold(live: Live, events: readonly Event[]): Live {
  const fresh = events.filter((event) => event.sequence_number > live.lastSequence);
  if (fresh.length === 0) return live;
  const after = fresh.reduce<Live>((state, event) => {
    const status = event.execution_status ?? state.status;
    return {
      ...state,
      status,
      percent: percentAfter(state.percent, event),
      etaSeconds: event.eta_seconds,
      startedAt: state.startedAt ?? event.timestamp,
      endedAt: event.execution_status && isFinal(event.execution_status) ? event.timestamp : state.endedAt,
      lastSequence: event.sequence_number,
      steps: stepsAfter(state, event),
    };
  }, live);
  return { ...after, events: [...live.events, ...fresh] };
}

/** A step as events and the service know it together: events are newer, the service knows more. */
export interface ShownStep extends LiveStep {
  id: string;
  name: string;
  action: string;
  outputs: Record<string, unknown> | null;
  reused: boolean;
}

interface StepOfDag {
  id?: unknown;
  name?: unknown;
  action?: unknown;
}

/** The steps of an execution in the order of its definition. */
export function shownSteps(execution: Execution, live: Live, known: readonly Step[]): readonly ShownStep[] {
  const dag = execution.pipeline_definition.dag as { steps?: readonly StepOfDag[] };
  const byId = new Map(known.map((step) => [step.step_id, step]));
  return (dag.steps ?? []).map((step) => {
    const id = String(step.id ?? "");
    const stored = byId.get(id);
    const now = live.steps[id] ?? (stored ? ofStored(stored) : untouched);
    return {
      ...now,
      id,
      name: textOf(step.name) ?? id,
      action: textOf(step.action) ?? "",
      outputs: stored?.outputs ?? null,
      reused: stored?.reused ?? false,
    };
  });
}

function ofStored(step: Step): LiveStep {
  return {
    ...untouched,
    status: step.awaiting_event && step.status === "RUNNING" ? "WAITING" : step.status,
    startedAt: step.start_time,
    endedAt: step.end_time,
    code: step.error_code,
    message: step.error_message,
    deadline: step.timeout_at,
    externalId: step.external_workflow_id,
  };
}

/** How many steps are in each state, those that there are first, in the order of a life. */
export function countStates(steps: readonly { status: string }[]): readonly [string, number][] {
  const order = ["COMPLETED", "RUNNING", "WAITING", "RETRYING", "FAILED", "TIMEOUT", "INTERRUPTED", "CANCELLED", "SKIPPED", "PENDING"];
  const counts = new Map<string, number>();
  for (const step of steps) counts.set(step.status, (counts.get(step.status) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
}
