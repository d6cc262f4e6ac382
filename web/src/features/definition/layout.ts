// SPDX-License-Identifier: Apache-2.0
/** Automatic layout, left to right along the dependencies. Large graphs take seconds: see features/graph/places. */
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

/** What a layout follows from, and nothing else of the document. */
export interface Outline {
  readonly nodes: readonly (readonly [id: string, height: number])[];
  readonly edges: readonly (readonly [from: string, to: string])[];
}

export type Places = ReadonlyMap<string, Point>;

export const noPlaces: Places = new Map();

/** The outline of the steps that a test lets through, with the edges among them. */
export function outlineOf(dag: Dag, routes: RoutesOf, wanted: (id: string) => boolean = () => true): Outline {
  const nodes = stepsOf(dag)
    .filter((step) => wanted(idOf(step)))
    .map((step) => [idOf(step), heightOf(branchesOf(step, routes).length)] as const);
  const known = new Set(nodes.map(([id]) => id));
  const edges = edgesOf(dag, routes)
    .filter(({ from, to }) => known.has(from) && known.has(to))
    .map(({ from, to }) => [from, to] as const);
  return { nodes, edges };
}

/** The outline of the steps without a kept position. */
export const looseOutlineOf = (dag: Dag, routes: RoutesOf): Outline => {
  const kept = keptPlacesOf(dag);
  return outlineOf(dag, routes, (id) => !kept.has(id));
};

const snap = (value: number) => Math.round(value / grid) * grid;

/** Positions (of upper left corners) for all nodes of an outline. */
export function arrangeOutline({ nodes, edges }: Outline): Places {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: 40, ranksep: 90, marginx: 40, marginy: 40 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [id, height] of nodes) graph.setNode(id, { width: nodeWidth, height });
  edges.forEach(([from, to], index) => graph.setEdge(from, to, {}, String(index)));
  layout(graph);
  return new Map(
    nodes.map(([id, height]) => {
      const { x, y } = graph.node(id) as unknown as { x: number; y: number };
      return [id, { x: snap(x - nodeWidth / 2), y: snap(y - height / 2) }];
    }),
  );
}

/** Positions that were kept in the document. */
export function keptPlacesOf(dag: Dag): Places {
  const kept = new Map<string, Point>();
  for (const step of stepsOf(dag)) {
    const place = positionOf(dag, idOf(step));
    if (place) kept.set(idOf(step), place);
  }
  return kept;
}

/** Kept positions, and those that were found for the steps without one: below what is placed. */
export function joinPlaces(kept: Places, found: Places): Places {
  if (kept.size === 0) return found;
  const loose = [...found].filter(([id]) => !kept.has(id));
  if (loose.length === 0) return kept;
  const bottom = Math.max(...[...kept.values()].map((place) => place.y)) + nodeHeight + 2 * grid;
  const top = Math.min(...loose.map(([, place]) => place.y));
  return new Map([...kept, ...loose.map(([id, place]) => [id, { x: place.x, y: place.y - top + bottom }] as const)]);
}
