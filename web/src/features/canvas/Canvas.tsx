// SPDX-License-Identifier: Apache-2.0
import { ConnectionLineType, MarkerType, useReactFlow } from "@xyflow/react";
import type { Connection, Edge as FlowEdge, EdgeChange, FinalConnectionState, NodeChange } from "@xyflow/react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { DragEvent } from "react";
import { looksOfAction } from "@/api/actions";
import {
  actionOf, branchesOf, conditionOf, connect, disconnect, edgesOf, idOf, moveSteps, nameOf, problemsOfStep, removeSteps, setBranchTarget, stepsOf,
  all, keepPlaces, whyNotConnect,
} from "@/features/definition";
import type { Point } from "@/features/definition";
import { heightOf, nodeWidth } from "@/features/definition/layout";
import { Flow, lineLabel, placedAt } from "@/features/graph/Flow";
import { useToaster } from "@/ui/kit";
import { StepNode, branchHandle, branchOfHandle } from "./StepNode";
import type { StepNodeType } from "./StepNode";
import { actionMime } from "./Palette";
import { useEditor } from "./editor";

const nodeTypes = { step: StepNode };

function useNodes(moving: ReadonlyMap<string, Point>): StepNodeType[] {
  const { dag, routes, byType, problems, selected, arranged: { places } } = useEditor();
  const chosen = useMemo(() => new Set(selected), [selected]);
  const bodies = useMemo(
    () =>
      stepsOf(dag).map((step) => {
        const id = idOf(step);
        const looks = looksOfAction(byType, actionOf(step));
        const own = problemsOfStep(problems, id);
        const branches = branchesOf(step, routes);
        const errors = own.filter((problem) => problem.severity === "error").length;
        return {
          id,
          type: "step" as const,
          width: nodeWidth,
          height: heightOf(branches.length),
          ariaLabel: `Step ${nameOf(step)}, ${looks.name}${errors ? `, ${errors} errors` : ""}`,
          data: {
            name: nameOf(step), action: looks.name, icon: looks.icon, color: looks.color, known: looks.known, condition: conditionOf(step), branches,
            errors, warnings: own.length - errors,
          },
        };
      }),
    [dag, routes, byType, problems],
  );
  // Of a node that is as it was, the same object: while one is dragged, the others are not drawn again.
  const made = useRef(new Map<string, { body: (typeof bodies)[number]; node: StepNodeType }>());
  return useMemo(() => {
    const before = made.current;
    made.current = new Map();
    return bodies.flatMap((body) => {
      const position = moving.get(body.id) ?? places.get(body.id);
      if (!position) return [];
      const selected = chosen.has(body.id);
      const old = before.get(body.id);
      const isSame = old?.body === body && old.node.position === position && old.node.selected === selected;
      const node = isSame ? old.node : { ...body, position, selected, style: placedAt(position) };
      made.current.set(body.id, { body, node });
      return [node];
    });
  }, [bodies, moving, places, chosen]);
}

function useEdges(selectedEdge: string | null): FlowEdge[] {
  const { dag, routes } = useEditor();
  return useMemo(
    () =>
      edgesOf(dag, routes).map((edge): FlowEdge => {
        const id = `${edge.from} ${edge.branch?.id ?? ""} ${edge.to}`;
        return {
          id,
          source: edge.from,
          target: edge.to,
          ...(edge.branch ? { sourceHandle: branchHandle(edge.branch.id), label: lineLabel(edge.branch.label || edge.branch.id), className: "edge-branch" } : {}),
          type: "smoothstep",
          selected: id === selectedEdge,
          ariaLabel: `${edge.to} runs after ${edge.from}`,
          markerEnd: { type: MarkerType.ArrowClosed },
        };
      }),
    [dag, routes, selectedEdge],
  );
}

const label = (what: string, count: number) => `${what} ${count === 1 ? "a step" : `${count} steps`}`;

export interface CanvasProps {
  onDrop: (actionType: string, at: Point) => void;
  onOpen: () => void;
}

/** The pipeline as a graph. Everything drawn here is the document; only what is being dragged is not yet in it. */
export function Canvas({ onDrop, onOpen }: CanvasProps) {
  const { store, dag, routes, selected, select, arranged } = useEditor();
  const toaster = useToaster();
  const flow = useReactFlow<StepNodeType>();
  const [moving, setMoving] = useState<ReadonlyMap<string, Point>>(new Map());
  const [edge, setEdge] = useState<string | null>(null);
  const nodes = useNodes(moving);
  const edges = useEdges(edge);

  const changeNodes = useCallback(
    (changes: NodeChange<StepNodeType>[]) => {
      const dragged = new Map(moving);
      const settled = new Map<string, Point>();
      const chosen = new Set(selected);
      for (const change of changes) {
        if (change.type === "position" && change.position) (change.dragging ? dragged : settled).set(change.id, change.position);
        if (change.type === "select") chosen[change.selected ? "add" : "delete"](change.id);
      }
      if (settled.size > 0) {
        for (const id of settled.keys()) dragged.delete(id);
        store.apply(label("Move", settled.size), all(keepPlaces(arranged.places), moveSteps(settled)), `move ${[...settled.keys()].join(" ")}`);
      }
      if (changes.some((change) => change.type === "position")) setMoving(dragged);
      if (changes.some((change) => change.type === "select")) select([...chosen]);
    },
    [moving, selected, select, store, arranged.places],
  );

  const changeEdges = (changes: EdgeChange[]) => {
    for (const change of changes) if (change.type === "select") setEdge(change.selected ? change.id : null);
  };

  /** Steps go with their edges, as one change that is taken back at once. */
  const remove = async ({ nodes: gone, edges: cut }: { nodes: StepNodeType[]; edges: FlowEdge[] }) => {
    const ids = gone.map((node) => node.id);
    const cuts = cut.map(({ source, target, sourceHandle }) => {
      const branch = branchOfHandle(sourceHandle);
      return branch ? setBranchTarget(source, branch, null, routes) : disconnect(source, target, routes);
    });
    store.apply(ids.length ? label("Delete", ids.length) : "Disconnect", ids.length ? removeSteps(ids, routes) : all(...cuts));
    select(selected.filter((id) => !ids.includes(id)));
    return false;
  };

  /** A step that is chosen already is shown again. */
  const show = (event: { ctrlKey: boolean; metaKey: boolean; shiftKey: boolean }, node: StepNodeType) => {
    if (selected.length === 1 && selected[0] === node.id && !event.ctrlKey && !event.metaKey && !event.shiftKey) select([node.id]);
  };

  const makeEdge = ({ source, target, sourceHandle }: Connection) => {
    const branch = branchOfHandle(sourceHandle);
    store.apply("Connect", branch ? setBranchTarget(source, branch, target, routes) : connect(source, target, routes));
  };

  const explainRefusal = (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    const end = "changedTouches" in event ? event.changedTouches[0] : event;
    const other = end && document.elementFromPoint(end.clientX, end.clientY)?.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
    if (state.isValid || !state.fromNode || !other) return;
    const [from, to] = state.fromHandle?.type === "target" ? [other, state.fromNode.id] : [state.fromNode.id, other];
    const reason = whyNotConnect(dag, routes, from, to);
    if (reason) toaster.failed("Not connected", new Error(reason));
  };

  const drop = (event: DragEvent) => {
    const type = event.dataTransfer.getData(actionMime);
    if (!type) return;
    event.preventDefault();
    const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    onDrop(type, { x: Math.round(x / 20) * 20, y: Math.round(y / 20) * 20 });
  };

  return (
    <Flow arranged={arranged} overview="Overview of the pipeline" nodes={nodes} edges={edges} nodeTypes={nodeTypes} onNodesChange={changeNodes} onEdgesChange={changeEdges} onConnect={makeEdge}
               isValidConnection={({ source, target }) => whyNotConnect(dag, routes, source, target) === null} onConnectEnd={explainRefusal}
               onDragOver={(event) => {
                 event.preventDefault();
                 event.dataTransfer.dropEffect = "copy";
               }}
               onDrop={drop} onBeforeDelete={remove} onNodeClick={show} onNodeDoubleClick={onOpen} connectionLineType={ConnectionLineType.SmoothStep} snapToGrid snapGrid={[20, 20]}
               fitViewOptions={{ maxZoom: 1, padding: 0.2 }} minZoom={0.08} maxZoom={1.75} deleteKeyCode={["Delete", "Backspace"]}
               multiSelectionKeyCode={["Shift", "Meta", "Control"]} selectionOnDrag={false} panOnScroll
               elevateNodesOnSelect={false} aria-label="Canvas of the pipeline" />
  );
}
