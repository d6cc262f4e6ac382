// SPDX-License-Identifier: Apache-2.0
/** New steps: of an action, with the parameters that a form or an example starts with. */
import type { Action, Json } from "@/api/types";
import { addStep, freshId } from "@/features/definition";
import type { Command, Dag, Point, RoutesOf, Step } from "@/features/definition";
import { nodeWidth, placesOf } from "@/features/definition/layout";
import { startingParams } from "@/features/forms/rules";

export interface NewStep {
  readonly id: string;
  readonly command: Command;
}

const gap = 80;

/** To the right of the step that it follows. */
function placeBehind(dag: Dag, routes: RoutesOf, after: string | null): Point | undefined {
  const place = after === null ? undefined : placesOf(dag, routes).get(after);
  return place ? { x: place.x + nodeWidth + gap, y: place.y } : undefined;
}

export interface AddOptions {
  /** Where it was dropped. */
  at?: Point | undefined;
  /** The step that it follows, or null. */
  after?: string | null;
  params?: Readonly<Record<string, unknown>>;
}

/** A step of an action, named after it. */
export function newStep(dag: Dag, routes: RoutesOf, action: Action, { at, after = null, params }: AddOptions = {}): NewStep {
  const id = freshId(dag, action.name);
  const step: Step = { id, name: action.name, action: action.type, params: (params ?? startingParams(action.params)) as Json, depends_on: [] };
  return { id, command: addStep(step, { at: at ?? placeBehind(dag, routes, after), after: after === null ? [] : [after] }) };
}
