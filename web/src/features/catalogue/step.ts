// SPDX-License-Identifier: Apache-2.0
/** A step of an action, with the parameters that a form or an example starts with. */
import type { Action, Json } from "@/api/types";
import { freshId } from "@/features/definition";
import type { Dag, Step } from "@/features/definition";
import { startingParams } from "@/features/forms/rules";

/** Named after its action, under an id that no step of the pipeline has. */
export function stepOf(dag: Dag, action: Action, params?: Readonly<Record<string, unknown>>): Step {
  const id = freshId(dag, action.name);
  return { id, name: action.name, action: action.type, params: (params ?? startingParams(action.params)) as Json, depends_on: [] };
}
