// SPDX-License-Identifier: Apache-2.0
/** What differs between two executions, step by step. Pure. */
import type { Execution, Step } from "@/api/types";

export interface Side {
  execution: Execution;
  steps: readonly Step[];
}

export interface StepPair {
  id: string;
  name: string;
  left: Step | null;
  right: Step | null;
  differs: boolean;
}

/** The same JSON, members in any order. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  return keys.length === Object.keys(b).length && keys.every((key) => key in right && sameJson(left[key], right[key]));
}

function durationOf(step: Step | null): number | null {
  return step?.start_time && step.end_time ? Date.parse(step.end_time) - Date.parse(step.start_time) : null;
}

/** How long the two took, and by how much the right one was slower (negative: faster); null where one has no time. */
export function slowerBy(pair: StepPair): number | null {
  const left = durationOf(pair.left);
  const right = durationOf(pair.right);
  return left === null || right === null ? null : right - left;
}

function differ(left: Step | null, right: Step | null): boolean {
  if (!left || !right) return true;
  return left.status !== right.status || left.error_message !== right.error_message || left.retry_count !== right.retry_count ||
    !sameJson(left.outputs, right.outputs);
}

/** Steps of both, in the order of the left one; those of the right one alone come last. */
export function pairSteps(left: Side, right: Side): readonly StepPair[] {
  const others = new Map(right.steps.map((step) => [step.step_id, step]));
  const pairs = left.steps.map((step): StepPair => {
    const other = others.get(step.step_id) ?? null;
    others.delete(step.step_id);
    return { id: step.step_id, name: step.step_name, left: step, right: other, differs: differ(step, other) };
  });
  const rest = [...others.values()].map((step): StepPair => ({ id: step.step_id, name: step.step_name, left: null, right: step, differs: true }));
  return [...pairs, ...rest];
}
