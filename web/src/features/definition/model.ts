// SPDX-License-Identifier: Apache-2.0
/**
 * The document of a pipeline: the JSON that is saved, and nothing beside it. It is immutable; commands make a new one
 * that shares what did not change. Members that the editor does not know stay as they are, and so do places that are
 * not as the format wants them: those are read as if they were absent.
 */
import type { Json } from "@/api/types";

export type Dag = { readonly [name: string]: Json };
export type Step = { readonly [name: string]: Json };

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where positions of steps are kept: a member of the definition that the service leaves alone. */
export const layoutMember = "x-layout";

export interface Branch {
  readonly id: string;
  readonly label: string;
  readonly condition: string;
  readonly target: string | null;
}

/** The parameter of an action that holds branches; null: it has none. From the metadata (`routes`). */
export type RoutesOf = (action: string) => string | null | undefined;

export const isObject = (value: unknown): value is { readonly [name: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** A pipeline without steps, as it is created. */
export const emptyDag = (name: string): Dag => ({ name, settings: { skip_propagation: "all" }, steps: [], outputs: {} });

export function stepsOf(dag: Dag): readonly Step[] {
  const steps = dag["steps"];
  return Array.isArray(steps) ? (steps as readonly Json[]).filter(isObject) : [];
}

export const idOf = (step: Step): string => textOf(step["id"]);
export const nameOf = (step: Step): string => textOf(step["name"]) || idOf(step);
export const actionOf = (step: Step): string => textOf(step["action"]);
export const paramsOf = (step: Step): { readonly [name: string]: Json } => (isObject(step["params"]) ? step["params"] : {});
export const conditionOf = (step: Step): string => textOf(step["condition"]);

export const findStep = (dag: Dag, id: string): Step | undefined => stepsOf(dag).find((step) => idOf(step) === id);

/** Position of a step in `steps`, as pointers name it; -1: there is none. */
export function indexOfStep(dag: Dag, id: string): number {
  const steps = dag["steps"];
  return Array.isArray(steps) ? (steps as readonly Json[]).findIndex((step) => isObject(step) && idOf(step) === id) : -1;
}

/** Ids that a step says it depends on, each once. */
export function dependenciesOf(step: Step): readonly string[] {
  const listed = step["depends_on"];
  return Array.isArray(listed) ? [...new Set((listed as readonly Json[]).filter((id): id is string => typeof id === "string"))] : [];
}

/** The branches of a step, where its action has such a parameter and it is a list. */
export function branchesOf(step: Step, routes: RoutesOf): readonly Branch[] {
  const param = routes(actionOf(step));
  const list = param ? paramsOf(step)[param] : null;
  if (!Array.isArray(list)) return [];
  return (list as readonly Json[]).filter(isObject).map((branch, index) => ({
    id: textOf(branch["id"]) || `branch_${index + 1}`,
    label: textOf(branch["label"]) || textOf(branch["id"]) || `Branch ${index + 1}`,
    condition: textOf(branch["condition"]),
    target: textOf(branch["target_step"]) || null,
  }));
}

/** The position of a step, where one was kept. */
export function positionOf(dag: Dag, id: string): Point | null {
  const layout = dag[layoutMember];
  const place = isObject(layout) ? layout[id] : null;
  if (!Array.isArray(place)) return null;
  const [x, y] = place as readonly Json[];
  return typeof x === "number" && typeof y === "number" ? { x, y } : null;
}

/** Names of the pipeline's parameters. */
export function parametersOf(dag: Dag): readonly { name: string; type: string; required: boolean; default: Json | undefined; description: string }[] {
  const list = dag["parameters"];
  if (!Array.isArray(list)) return [];
  return (list as readonly Json[]).filter(isObject).map((param) => ({
    name: textOf(param["name"]),
    type: textOf(param["type"]) || "string",
    required: param["required"] !== false,
    default: param["default"] ?? undefined,
    description: textOf(param["description"]),
  }));
}


/**
 * An id that no step has: the words of a name with `_` between them, so that it may be written as `steps.ID`, and a
 * number where it is taken.
 */
export function freshId(dag: Dag, name: string, alsoTaken: ReadonlySet<string> = new Set()): string {
  const taken = new Set([...stepsOf(dag).map(idOf), ...alsoTaken]);
  const words = name.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "").slice(0, 40);
  const base = /^[a-z]/.test(words) ? words : words ? `step_${words}` : "step";
  if (!taken.has(base)) return base;
  for (let number = 2; ; number++) if (!taken.has(`${base}_${number}`)) return `${base}_${number}`;
}

/** A text of lower-case letters and digits for ids of branches. */
export function freshWord(taken: ReadonlySet<string>, prefix: string): string {
  for (let number = 1; ; number++) {
    const word = `${prefix}_${number}`;
    if (!taken.has(word)) return word;
  }
}

/** Why a text is no id of a step; null: it is one. As the service judges it. */
export function whyNoId(text: string): string | null {
  if (!text) return "An id is needed.";
  if (text.length > 100) return "An id has at most 100 characters.";
  if (!/^[\p{L}\p{Nd}]/u.test(text)) return "An id begins with a letter or a digit.";
  if (!/^[\p{L}\p{M}\p{N}_\-. ]+$/u.test(text)) return "An id consists of letters, digits, _, -, dots and spaces.";
  return null;
}

/** True where a text may follow a dot in an expression: steps.ID. */
export const isPlainName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);

