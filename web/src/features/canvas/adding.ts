// SPDX-License-Identifier: Apache-2.0
/** New steps: of an action, with the parameters that a form or an example starts with. */
import type { Action } from "@/api/types";
import { stepOf } from "@/features/catalogue/step";
import { addStep, idOf } from "@/features/definition";
import type { Command, Dag, Point, RoutesOf } from "@/features/definition";
import { nodeWidth, placesOf } from "@/features/definition/layout";

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
  params?: Readonly<Record<string, unknown>> | undefined;
}

/** A step of an action, named after it. */
export function newStep(dag: Dag, routes: RoutesOf, action: Action, { at, after = null, params }: AddOptions = {}): NewStep {
  const step = stepOf(dag, action, params);
  return { id: idOf(step), command: addStep(step, { at: at ?? placeBehind(dag, routes, after), after: after === null ? [] : [after] }) };
}
