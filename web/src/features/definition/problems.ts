// SPDX-License-Identifier: Apache-2.0
/** What the service says of a definition, by the step and the field that it is about. */
import type { Finding } from "@/api/types";
import type { Problem } from "@/api/errors";
import { validateDefinition } from "@/api/pipelines";
import type { Dag } from "./model";
import { idOf, isObject } from "./model";
import { tokensOf } from "./text";

export interface Marked {
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
  readonly pointer: string;
  /** The step it is about; null: the pipeline as a whole. */
  readonly step: string | null;
  /** What stands behind the step in the pointer: ["params", "url"]; of the pipeline, all of it. */
  readonly path: readonly string[];
}

/** Ties a problem to a step, in the document that was judged. */
export function mark(dag: Dag, problem: { severity?: string | undefined; code: string; message: string; pointer?: string | null }): Marked {
  const pointer = problem.pointer ?? "";
  const tokens = tokensOf(pointer);
  const steps = dag["steps"];
  const step = tokens[0] === "steps" && tokens[1] !== undefined && Array.isArray(steps) ? steps[Number(tokens[1])] : null;
  const id = isObject(step) ? idOf(step) : null;
  return {
    severity: problem.severity === "warning" ? "warning" : "error",
    code: problem.code,
    message: problem.message,
    pointer,
    step: id || null,
    path: id ? tokens.slice(2) : tokens,
  };
}

/** The problems of a refusal to save: their pointers lead through the member `dag` of the body. */
export function markRefusal(dag: Dag, problems: readonly Problem[]): readonly Marked[] {
  return problems.map((problem) => mark(dag, { ...problem, pointer: (problem.pointer ?? "").replace(/^\/dag(?=\/|$)/, "") }));
}

/** Asks the service. What the editor keeps for itself is no reason for a warning. */
export async function judge(dag: Dag, signal?: AbortSignal): Promise<readonly Marked[]> {
  const { problems } = await validateDefinition(dag, signal);
  return problems.map((problem: Finding) => mark(dag, problem));
}

export const problemsOfStep = (problems: readonly Marked[], step: string): readonly Marked[] => problems.filter((problem) => problem.step === step);

/** Problems of a field of a step and of what is in it. */
export function problemsOfField(problems: readonly Marked[], step: string, path: readonly string[]): readonly Marked[] {
  return problems.filter((problem) => problem.step === step && path.every((part, index) => problem.path[index] === part));
}
