// SPDX-License-Identifier: Apache-2.0
/** Steps as a text that another pipeline, or another window, takes in. */
import type { Json } from "@/api/types";
import { addStep, all, renameStep } from "./commands";
import type { Command } from "./commands";
import type { Dag, Point, RoutesOf, Step } from "./model";
import { dependenciesOf, freshId, idOf, isObject, positionOf, stepsOf } from "./model";

const kind = "budpipeline/steps";

/** The chosen steps in their order, with their positions. */
export function copySteps(dag: Dag, ids: readonly string[]): string {
  const chosen = new Set(ids);
  const steps = stepsOf(dag).filter((step) => chosen.has(idOf(step)));
  const places = Object.fromEntries(steps.map((step) => [idOf(step), positionOf(dag, idOf(step))] as const).filter(([, place]) => place));
  return JSON.stringify({ kind, steps, places }, null, 2);
}

interface Copied {
  readonly steps: readonly Step[];
  readonly places: ReadonlyMap<string, Point>;
}

/** What a text from the clipboard holds; null: no steps. */
export function readSteps(text: string): Copied | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value) || value["kind"] !== kind || !Array.isArray(value["steps"])) return null;
  const steps = (value["steps"] as readonly Json[]).filter(isObject).filter((step) => idOf(step));
  const places = new Map<string, Point>();
  for (const [id, place] of Object.entries(isObject(value["places"]) ? value["places"] : {}))
    if (isObject(place) && typeof place["x"] === "number" && typeof place["y"] === "number") places.set(id, { x: place["x"], y: place["y"] });
  return steps.length ? { steps, places } : null;
}

/**
 * Pastes steps: under ids of their own, to which everything among them follows; dependencies on steps that are not here
 * go. `shift` moves them away from where they were.
 */
export function pasteSteps(dag: Dag, copied: Copied, routes: RoutesOf, shift: Point = { x: 40, y: 40 }): { command: Command; ids: readonly string[] } {
  const taken = new Set<string>();
  const renames = copied.steps.map((step) => {
    const to = freshId(dag, idOf(step).replace(/_\d+$/, ""), taken);
    taken.add(to);
    return [idOf(step), to] as const;
  });
  const alone = renameAll({ steps: copied.steps }, renames, routes);
  const here = new Set([...stepsOf(dag).map(idOf), ...taken]);
  const originals = new Map(renames.map(([from, to]) => [to, from]));
  const commands = stepsOf(alone).map((step) => {
    const dependencies = dependenciesOf(step).filter((id) => here.has(id));
    const place = copied.places.get(originals.get(idOf(step)) ?? "");
    const at = place && { x: place.x + shift.x, y: place.y + shift.y };
    return addStep(step["depends_on"] === undefined ? step : { ...step, depends_on: dependencies }, { at });
  });
  return { command: all(...commands), ids: renames.map(([, to]) => to) };
}

/** A character that no id has. */
const nobodys = "\u{e000}";

/** Renames by way of ids that nobody has, so that a new id may equal an old one of another step. */
function renameAll(dag: Dag, renames: readonly (readonly [string, string])[], routes: RoutesOf): Dag {
  const parked = renames.map(([from, to], index) => [from, `${nobodys}${index}`, to] as const);
  return all(...parked.map(([from, between]) => renameStep(from, between, routes)), ...parked.map(([, between, to]) => renameStep(between, to, routes)))(dag);
}
