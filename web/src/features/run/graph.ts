// SPDX-License-Identifier: Apache-2.0
/** The graph of a definition as it is drawn for a run: nodes in their places, edges with the labels of branches. Pure. */
import { Graph, layout } from "@dagrejs/dagre";

export const nodeWidth = 220;
export const nodeHeight = 64;

export interface PlacedNode {
  id: string;
  x: number;
  y: number;
}

export interface DrawnEdge {
  id: string;
  from: string;
  to: string;
  /** Label of the branch that leads there, or null. */
  label: string | null;
}

interface WrittenStep {
  id?: unknown;
  depends_on?: unknown;
  params?: unknown;
}

interface WrittenBranch {
  label?: unknown;
  id?: unknown;
  target_step?: unknown;
}

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : []);

/** Every list of `{target_step}` among the parameters of a step: what routes, whatever its action is called. */
function branchesOf(step: WrittenStep): WrittenBranch[] {
  const params = typeof step.params === "object" && step.params !== null ? Object.values(step.params) : [];
  return params
    .filter((value): value is WrittenBranch[] => Array.isArray(value))
    .flat()
    .filter((item) => typeof item === "object" && item !== null && typeof item.target_step === "string");
}

/** Edges of a definition: branches first, then dependencies that no branch has drawn. */
export function edgesOf(dag: Record<string, unknown>): readonly DrawnEdge[] {
  const steps = (Array.isArray(dag["steps"]) ? (dag["steps"] as WrittenStep[]) : []).filter((step) => typeof step.id === "string");
  const ids = new Set(steps.map((step) => step.id as string));
  const edges = new Map<string, DrawnEdge>();
  const add = (from: string, to: string, label: string | null) => {
    const id = `${from} ${to}`;
    if (ids.has(from) && ids.has(to) && !edges.has(id)) edges.set(id, { id, from, to, label });
  };
  for (const step of steps)
    for (const branch of branchesOf(step)) {
      const label = typeof branch.label === "string" ? branch.label : typeof branch.id === "string" ? branch.id : null;
      add(step.id as string, branch.target_step as string, label);
    }
  for (const step of steps) for (const before of textsOf(step.depends_on)) add(before, step.id as string, null);
  return [...edges.values()];
}

/** Steps in their places, from left to right. */
export function placeNodes(ids: readonly string[], edges: readonly DrawnEdge[]): readonly PlacedNode[] {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 28, ranksep: 72, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const edge of edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  return ids.map((id) => {
    const { x, y } = graph.node(id) as { x: number; y: number };
    return { id, x: x - nodeWidth / 2, y: y - nodeHeight / 2 };
  });
}
