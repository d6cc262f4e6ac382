// SPDX-License-Identifier: Apache-2.0
/** The graph of a definition: edges, what comes before what, and whether two steps may be connected. */
import type { Dag, RoutesOf } from "./model";
import { branchesOf, dependenciesOf, findStep, idOf, nameOf, stepsOf } from "./model";

export interface Edge {
  readonly from: string;
  readonly to: string;
  /** The branch that leads there; null: a dependency alone. */
  readonly branch: { readonly id: string; readonly label: string } | null;
}

/** All edges between steps that exist. A branch is an edge of its own; the dependency that goes with it is not. */
export function edgesOf(dag: Dag, routes: RoutesOf): readonly Edge[] {
  const steps = stepsOf(dag);
  const known = new Set(steps.map(idOf));
  const edges: Edge[] = [];
  const led = new Set<string>();
  for (const step of steps)
    for (const { id, label, target } of branchesOf(step, routes)) {
      if (!target || !known.has(target)) continue;
      edges.push({ from: idOf(step), to: target, branch: { id, label } });
      led.add(JSON.stringify([idOf(step), target]));
    }
  for (const step of steps)
    for (const from of dependenciesOf(step))
      if (known.has(from) && !led.has(JSON.stringify([from, idOf(step)]))) edges.push({ from, to: idOf(step), branch: null });
  return edges;
}

type Neighbours = ReadonlyMap<string, readonly string[]>;

function neighbours(edges: readonly Edge[], from: "from" | "to", to: "from" | "to"): Neighbours {
  const map = new Map<string, string[]>();
  for (const edge of edges) {
    const list = map.get(edge[from]);
    if (list) list.push(edge[to]);
    else map.set(edge[from], [edge[to]]);
  }
  return map;
}

function reach(start: string, next: Neighbours): ReadonlySet<string> {
  const seen = new Set<string>();
  const todo = [start];
  for (let at = todo.pop(); at !== undefined; at = todo.pop())
    for (const id of next.get(at) ?? [])
      if (!seen.has(id)) {
        seen.add(id);
        todo.push(id);
      }
  return seen;
}

/** Ids of the steps that come before a step: the ones whose outputs it can read. */
export const ancestorsOf = (dag: Dag, routes: RoutesOf, id: string) => reach(id, neighbours(edgesOf(dag, routes), "to", "from"));

/** Ids of the steps that come after a step. */
export const descendantsOf = (dag: Dag, routes: RoutesOf, id: string) => reach(id, neighbours(edgesOf(dag, routes), "from", "to"));

/** The shortest way from one step to another along edges, both included; null: there is none. */
export function pathBetween(dag: Dag, routes: RoutesOf, from: string, to: string): readonly string[] | null {
  const next = neighbours(edgesOf(dag, routes), "from", "to");
  const cameFrom = new Map<string, string>([[from, from]]);
  const queue = [from];
  for (let at = queue.shift(); at !== undefined && at !== to; at = queue.shift())
    for (const id of next.get(at) ?? [])
      if (!cameFrom.has(id)) {
        cameFrom.set(id, at);
        queue.push(id);
      }
  if (!cameFrom.has(to)) return null;
  const path = [to];
  for (let at = to; at !== from; path.unshift(at)) at = cameFrom.get(at) ?? from;
  return path;
}

/** Why a step cannot come after another; null: it can. */
export function whyNotConnect(dag: Dag, routes: RoutesOf, from: string, to: string): string | null {
  if (from === to) return "A step cannot depend on itself.";
  const source = findStep(dag, from);
  const target = findStep(dag, to);
  if (!source || !target) return "There is no such step.";
  const back = pathBetween(dag, routes, to, from);
  if (!back) return null;
  const name = (id: string) => nameOf(findStep(dag, id) ?? {}) || id;
  return `That would be a cycle: ${[...back, to].map(name).join(" → ")}.`;
}

/** The level of each step: 0 without dependencies, else one more than the last of them. Steps of a cycle come last. */
export function levelsOf(dag: Dag, routes: RoutesOf): ReadonlyMap<string, number> {
  const edges = edgesOf(dag, routes);
  const next = neighbours(edges, "from", "to");
  const before = neighbours(edges, "to", "from");
  const ids = stepsOf(dag).map(idOf);
  const waiting = new Map(ids.map((id) => [id, before.get(id)?.length ?? 0]));
  const levels = new Map<string, number>();
  let level = 0;
  let ready = ids.filter((id) => waiting.get(id) === 0);
  while (ready.length) {
    for (const id of ready) levels.set(id, level);
    const following: string[] = [];
    for (const id of ready)
      for (const to of next.get(id) ?? []) {
        const left = (waiting.get(to) ?? 0) - 1;
        waiting.set(to, left);
        if (left === 0) following.push(to);
      }
    ready = following;
    level++;
  }
  for (const id of ids) if (!levels.has(id)) levels.set(id, level);
  return levels;
}
