// SPDX-License-Identifier: Apache-2.0
/** New steps: of an action, with the parameters that a form or an example starts with. */
import type { Action } from "@/api/types";
import { stepOf } from "@/features/catalogue/step";
import { addStep, all, idOf, keepPlaces } from "@/features/definition";
import type { Command, Dag, Point } from "@/features/definition";
import { nodeWidth } from "@/features/definition/layout";
import type { Places } from "@/features/definition/layout";

export interface NewStep {
  readonly id: string;
  readonly command: Command;
}

const gap = 80;

/** To the right of the step that it follows. */
function placeBehind(places: Places, after: string | null): Point | undefined {
  const place = after === null ? undefined : places.get(after);
  return place && { x: place.x + nodeWidth + gap, y: place.y };
}

export interface AddOptions {
  /** Where it was dropped. */
  at?: Point | undefined;
  /** The step that it follows, or null. */
  after?: string | null;
  params?: Readonly<Record<string, unknown>> | undefined;
}

/** A step of an action, named after it. All others stay where they are shown. */
export function newStep(dag: Dag, places: Places, action: Action, { at, after = null, params }: AddOptions = {}): NewStep {
  const step = stepOf(dag, action, params);
  const place = at ?? placeBehind(places, after);
  const add = addStep(step, { at: place, after: after === null ? [] : [after] });
  return { id: idOf(step), command: place ? all(keepPlaces(places), add) : add };
}
