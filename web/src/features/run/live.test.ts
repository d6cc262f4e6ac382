// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import type { Event, Execution } from "@/api/types";
import { countStates, fold, isFinal, nothingYet, shownSteps } from "./live";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();

function event(sequence: number, record: string, more: Partial<Event> = {}): Event {
  return {
    id: `e${sequence}`, execution_id: "x", event_type: record, record, progress_percentage: null, eta_seconds: null,
    current_step_desc: null, event_details: null, timestamp: at(sequence), sequence_number: sequence, created_at: at(sequence),
    step_id: null, step_status: null, execution_status: null, ...more,
  };
}

const step = (sequence: number, record: string, status: string, details: Record<string, unknown> = {}) =>
  event(sequence, record, { step_id: "a", step_status: status, event_details: details });

describe("an execution that is followed", () => {
  test("shows each attempt of a step that is retried", () => {
    const live = fold(nothingYet, [
      event(1, "execution_started", { execution_status: "RUNNING", progress_percentage: "0.00" }),
      step(2, "step_started", "RUNNING", { attempt: 1 }),
      step(3, "step_retrying", "RETRYING", { attempt: 1, code: "HTTP_STATUS", message: "HTTP 503", deadline: at(9) }),
      step(4, "step_started", "RUNNING", { attempt: 2 }),
      step(5, "step_ended", "COMPLETED", { attempt: 2 }),
    ]);
    expect(live.steps["a"]?.status).toBe("COMPLETED");
    expect(live.steps["a"]?.attempts).toEqual([
      { number: 1, from: at(2), to: at(3), waitsSince: null, end: "failed", code: "HTTP_STATUS", message: "HTTP 503" },
      { number: 2, from: at(4), to: at(5), waitsSince: null, end: "completed", code: null, message: null },
    ]);
    expect(live.steps["a"]?.startedAt).toBe(at(2));
  });

  test("tells what a step waits for, and how far it is", () => {
    const waiting = fold(nothingYet, [
      step(1, "step_started", "RUNNING", { attempt: 1 }),
      step(2, "step_waiting", "WAITING", { external_id: "W1", deadline: at(60) }),
      step(3, "step_progress", "WAITING", { step_progress: "40.00", eta_minutes: 3 }),
    ]);
    expect(waiting.steps["a"]).toMatchObject({ status: "WAITING", externalId: "W1", deadline: at(60), percent: 40, etaMinutes: 3 });
    const ended = fold(waiting, [step(4, "step_ended", "TIMEOUT", { code: "TIMEOUT", message: "no event came" })]);
    expect(ended.steps["a"]).toMatchObject({ status: "TIMEOUT", percent: null, deadline: null, message: "no event came" });
    expect(ended.steps["a"]?.attempts.at(-1)).toMatchObject({ waitsSince: at(2), end: "timeout" });
  });

  test("takes each event once, however often a stream repeats it", () => {
    const events = [event(1, "execution_started", { execution_status: "RUNNING" }), step(2, "step_started", "RUNNING", { attempt: 1 })];
    const once = fold(nothingYet, events);
    expect(fold(once, events)).toBe(once);
    expect(once.events).toHaveLength(2);
  });

  test("ends when its execution does", () => {
    const live = fold(nothingYet, [
      event(1, "execution_started", { execution_status: "RUNNING", progress_percentage: "25.00", eta_seconds: 90 }),
      event(2, "execution_ended", { execution_status: "FAILED", progress_percentage: "0.00" }),
    ]);
    expect(live).toMatchObject({ status: "FAILED", startedAt: at(1), endedAt: at(2), percent: 25, etaSeconds: null });
    expect(isFinal(live.status)).toBe(true);
  });
});

test("steps are shown in the order of the definition, with what has not begun", () => {
  const dag = { steps: [{ id: "b", name: "Second", action: "x" }, { id: "a", action: "y" }] };
  const execution = { pipeline_definition: { dag } } as unknown as Execution;
  const shown = shownSteps(execution, fold(nothingYet, [step(1, "step_started", "RUNNING", { attempt: 1 })]), []);
  expect(shown.map(({ id, name, status }) => [id, name, status])).toEqual([["b", "Second", "PENDING"], ["a", "a", "RUNNING"]]);
  expect(countStates(shown)).toEqual([["RUNNING", 1], ["PENDING", 1]]);
});
