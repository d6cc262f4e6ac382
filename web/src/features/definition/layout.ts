// SPDX-License-Identifier: Apache-2.0
/** Automatic layout, left to right along the dependencies. */
import { Graph, layout } from "@dagrejs/dagre";
import { edgesOf } from "./graph";
import type { Dag, Point, RoutesOf } from "./model";
import { branchesOf, idOf, positionOf, stepsOf } from "./model";

export const nodeWidth = 240;
const nodeHeight = 76;
const branchHeight = 26;
const grid = 20;

/** Height of a node: each branch has a line of its own. */
export const heightOf = (branches: number): number => nodeHeight + branches * branchHeight;

const snap = (value: number) => Math.round(value / grid) * grid;

/** Positions (of upper left corners) for all steps. */
export function arrange(dag: Dag, routes: RoutesOf): ReadonlyMap<string, Point> {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 40, ranksep: 90, marginx: 40, marginy: 40 });
  graph.setDefaultEdgeLabel(() => ({}));
  const heights = new Map<string, number>();
  for (const step of stepsOf(dag)) {
    const height = heightOf(branchesOf(step, routes).length);
    heights.set(idOf(step), height);
    graph.setNode(idOf(step), { width: nodeWidth, height });
  }
  edgesOf(dag, routes).forEach((edge, index) => graph.setEdge(edge.from, edge.to, {}, String(index)));
  layout(graph);
  return new Map(
    stepsOf(dag).map((step) => {
      const { x, y } = graph.node(idOf(step)) as unknown as { x: number; y: number };
      return [idOf(step), { x: snap(x - nodeWidth / 2), y: snap(y - (heights.get(idOf(step)) ?? nodeHeight) / 2) }];
    }),
  );
}

/** The kept positions, and for steps without one a place by the automatic layout, next to what is placed. */
export function placesOf(dag: Dag, routes: RoutesOf): ReadonlyMap<string, Point> {
  const kept = new Map<string, Point>();
  for (const step of stepsOf(dag)) {
    const place = positionOf(dag, idOf(step));
    if (place) kept.set(idOf(step), place);
  }
  if (kept.size === stepsOf(dag).length) return kept;
  const arranged = arrange(dag, routes);
  if (kept.size === 0) return arranged;
  const bottom = Math.max(...[...kept.values()].map((place) => place.y)) + nodeHeight + 2 * grid;
  const loose = [...arranged].filter(([id]) => !kept.has(id));
  const top = Math.min(...loose.map(([, place]) => place.y));
  return new Map([...kept, ...loose.map(([id, place]) => [id, { x: place.x, y: place.y - top + bottom }] as const)]);
}
