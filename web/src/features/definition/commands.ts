// SPDX-License-Identifier: Apache-2.0
/** What can be done to a document. Each command is a function from a document to a document; what cannot be done
 * changes nothing. */
import type { Json } from "@/api/types";
import type { Dag, Point, RoutesOf, Step } from "./model";
import { actionOf, branchesOf, dependenciesOf, findStep, idOf, isObject, layoutMember, paramsOf, positionOf, stepsOf } from "./model";
import { whyNotConnect } from "./graph";
import { renameInValue } from "./references";

export type Command = (dag: Dag) => Dag;

/** An object without members that are undefined. */
function without(value: { readonly [name: string]: Json | undefined }): { readonly [name: string]: Json } {
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

export type Patch = { readonly [name: string]: Json | undefined };

/** Members of the pipeline: a value sets one, undefined takes it away. */
export const setFields = (patch: Patch): Command => (dag) => without({ ...dag, ...patch });

function mapSteps(dag: Dag, change: (step: Step) => Step): Dag {
  const steps = dag["steps"];
  if (!Array.isArray(steps)) return dag;
  const changed = (steps as readonly Json[]).map((step) => (isObject(step) ? change(step) : step));
  return changed.every((step, index) => step === steps[index]) ? dag : { ...dag, steps: changed };
}

const changeStep = (dag: Dag, id: string, change: (step: Step) => Step) => mapSteps(dag, (step) => (idOf(step) === id ? change(step) : step));

/** Members of a step (not its id). */
export const setStepFields = (id: string, patch: Patch): Command => (dag) => changeStep(dag, id, (step) => without({ ...step, ...patch }));

/** Parameters of a step; undefined takes one away. */
export const setParams = (id: string, patch: Patch): Command => (dag) =>
  changeStep(dag, id, (step) => ({ ...step, params: without({ ...paramsOf(step), ...patch }) }));

/** Adds a step at the end, at a position, after others. */
export const addStep = (step: Step, place: { at?: Point | undefined; after?: readonly string[] } = {}): Command => (dag) => {
  const after = (place.after ?? []).filter((id) => findStep(dag, id));
  const added = after.length ? { ...step, depends_on: [...new Set([...dependenciesOf(step), ...after])] } : step;
  const steps = Array.isArray(dag["steps"]) ? (dag["steps"] as readonly Json[]) : [];
  const grown = { ...dag, steps: [...steps, added] };
  return place.at ? moveSteps(new Map([[idOf(step), place.at]]))(grown) : grown;
};

/** Takes steps away, from the dependencies and branches of others and from the layout too. */
export const removeSteps = (ids: readonly string[], routes: RoutesOf): Command => (dag) => {
  const gone = new Set(ids);
  const steps = dag["steps"];
  if (!Array.isArray(steps)) return dag;
  const kept = { ...dag, steps: (steps as readonly Json[]).filter((step) => !isObject(step) || !gone.has(idOf(step))) };
  const layout = dag[layoutMember];
  const placed = isObject(layout)
    ? { ...kept, [layoutMember]: Object.fromEntries(Object.entries(layout).filter(([id]) => !gone.has(id))) }
    : kept;
  return mapSteps(placed, (step) => withoutTargets(withoutDependencies(step, gone), gone, routes));
};

function withoutDependencies(step: Step, gone: ReadonlySet<string>): Step {
  const before = dependenciesOf(step);
  const after = before.filter((id) => !gone.has(id));
  return after.length === before.length ? step : { ...step, depends_on: after };
}

function mapBranches(step: Step, routes: RoutesOf, change: (branch: { readonly [name: string]: Json }, id: string) => Json): Step {
  const param = routes(actionOf(step));
  const list = param ? paramsOf(step)[param] : null;
  if (!param || !Array.isArray(list)) return step;
  const ids = branchesOf(step, routes).map((branch) => branch.id);
  let at = 0;
  const changed = (list as readonly Json[]).map((branch) => (isObject(branch) ? change(branch, ids[at++] ?? "") : branch));
  if (changed.every((branch, index) => branch === list[index])) return step;
  return { ...step, params: { ...paramsOf(step), [param]: changed } };
}

function withoutTargets(step: Step, gone: ReadonlySet<string>, routes: RoutesOf): Step {
  return mapBranches(step, routes, (branch) =>
    typeof branch["target_step"] === "string" && gone.has(branch["target_step"]) ? { ...branch, target_step: null } : branch,
  );
}

/** Gives a step another id; whatever names it follows: dependencies, branches, templates, layout. Nothing happens where
 * the new id is taken. */
export const renameStep = (from: string, to: string, routes: RoutesOf): Command => (dag) => {
  if (from === to || !findStep(dag, from) || findStep(dag, to)) return dag;
  const renamed = mapSteps(dag, (step) => {
    const own = idOf(step) === from ? { ...step, id: to } : step;
    const before = dependenciesOf(own);
    const dependent = before.includes(from) ? { ...own, depends_on: before.map((id) => (id === from ? to : id)) } : own;
    const routed = mapBranches(dependent, routes, (branch) => (branch["target_step"] === from ? { ...branch, target_step: to } : branch));
    return renameTemplates(routed, from, to);
  });
  const outputs = renamed["outputs"];
  const read = outputs === undefined ? renamed : { ...renamed, outputs: renameInValue(outputs, "steps", from, to) };
  const layout = read[layoutMember];
  if (!isObject(layout) || !(from in layout)) return read;
  return { ...read, [layoutMember]: Object.fromEntries(Object.entries(layout).map(([id, place]) => [id === from ? to : id, place])) };
};

function renameTemplates(step: Step, from: string, to: string, root: "steps" | "params" = "steps"): Step {
  const { params, condition } = step;
  const changed = without({
    ...step,
    params: params === undefined ? undefined : renameInValue(params, root, from, to),
    condition: condition === undefined ? undefined : renameInValue(condition, root, from, to, true),
  });
  return changed["params"] === params && changed["condition"] === condition ? step : changed;
}

/** Gives a parameter of the pipeline another name; templates follow. */
export const renameParameter = (from: string, to: string): Command => (dag) => {
  const list = dag["parameters"];
  if (!Array.isArray(list)) return dag;
  const parameters = (list as readonly Json[]).map((param) => (isObject(param) && param["name"] === from ? { ...param, name: to } : param));
  const renamed = mapSteps({ ...dag, parameters }, (step) => renameTemplates(step, from, to, "params"));
  const outputs = renamed["outputs"];
  return outputs === undefined ? renamed : { ...renamed, outputs: renameInValue(outputs, "params", from, to) };
};

/** Makes a step come after another. A cycle is refused: nothing happens. */
export const connect = (from: string, to: string, routes: RoutesOf): Command => (dag) => {
  if (whyNotConnect(dag, routes, from, to)) return dag;
  return changeStep(dag, to, (step) => {
    const before = dependenciesOf(step);
    return before.includes(from) ? step : { ...step, depends_on: [...before, from] };
  });
};

/** Takes the edge between two steps away: the dependency, and every branch that leads there. */
export const disconnect = (from: string, to: string, routes: RoutesOf): Command => (dag) =>
  mapSteps(dag, (step) => {
    if (idOf(step) === to) return withoutDependencies(step, new Set([from]));
    return idOf(step) === from ? withoutTargets(step, new Set([to]), routes) : step;
  });

/** Leads a branch to a step, which then comes after it; null: nowhere. The dependency on a former target goes when no
 * other branch leads there. */
export const setBranchTarget = (id: string, branch: string, target: string | null, routes: RoutesOf): Command => (dag) => {
  if (target && whyNotConnect(dag, routes, id, target)) return dag;
  const step = findStep(dag, id);
  const former = step && branchesOf(step, routes).find((item) => item.id === branch)?.target;
  const led = changeStep(dag, id, (changed) =>
    mapBranches(changed, routes, (item, itemId) => (itemId === branch && (item["target_step"] ?? null) !== target ? { ...item, target_step: target } : item)),
  );
  const still = findStep(led, id);
  const isLeft = former && former !== target && still && !branchesOf(still, routes).some((item) => item.target === former);
  const freed = isLeft ? changeStep(led, former, (changed) => withoutDependencies(changed, new Set([id]))) : led;
  return target ? connect(id, target, routes)(freed) : freed;
};

/** Makes every target of a branch depend on its step, where that was not written. */
export const implyDependencies = (routes: RoutesOf): Command => (dag) =>
  stepsOf(dag).reduce<Dag>(
    (changed, step) =>
      branchesOf(step, routes).reduce<Dag>((inner, { target }) => (target ? connect(idOf(step), target, routes)(inner) : inner), changed),
    dag,
  );

/** Keeps positions of steps. */
export function moveSteps(places: ReadonlyMap<string, Point>): Command {
  return (dag) => {
    const layout = isObject(dag[layoutMember]) ? dag[layoutMember] : {};
    const moved = [...places].map(([id, { x, y }]) => [id, [Math.round(x), Math.round(y)]] as const);
    return { ...dag, [layoutMember]: { ...layout, ...Object.fromEntries(moved) } };
  };
}

/** Keeps the positions of steps that have none of their own, so that they stay where they are shown. */
export const keepPlaces = (shown: ReadonlyMap<string, Point>): Command => (dag) => {
  const here = new Set(stepsOf(dag).map(idOf));
  const loose = [...shown].filter(([id]) => here.has(id) && !positionOf(dag, id));
  return loose.length ? moveSteps(new Map(loose))(dag) : dag;
};

/** Puts another document in its place: from text, from a version. */
export const replaceWith = (other: Dag): Command => () => other;

/** Several commands as one. */
export const all = (...commands: readonly Command[]): Command => (dag) => commands.reduce((changed, command) => command(changed), dag);
