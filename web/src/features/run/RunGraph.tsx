// SPDX-License-Identifier: Apache-2.0
import { Handle, MarkerType, Position, ReactFlowProvider } from "@xyflow/react";
import type { Edge, Node, NodeProps } from "@xyflow/react";
import { memo, useMemo, useRef } from "react";
import { looksOfAction, useActions, useRoutes } from "@/api/actions";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import { edgesOf } from "@/features/definition";
import type { Dag, RoutesOf } from "@/features/definition";
import { heightOf, nodeWidth } from "@/features/definition/layout";
import type { Places } from "@/features/definition/layout";
import { Flow, lineLabel, placedAt, useFar } from "@/features/graph/Flow";
import { usePlaces } from "@/features/graph/usePlaces";
import { Icon } from "@/ui/icons/Icon";
import { looksOf } from "@/ui/kit";
import { isFinal } from "./live";
import type { ShownStep } from "./live";

type StepNode = Node<{ step: ShownStep; icon: string; color: string }, "step">;

/** What can be read of a step. */
function Face({ step, icon, color, mark, word }: { step: ShownStep; icon: string; color: string; mark: string; word: string }) {
  const attempts = step.attempts.length;
  return (
    <>
      <ActionIcon icon={icon} color={color} size="s" />
      <div className="grow">
        <div className="truncate run-node-name">{step.name}</div>
        <div className="run-node-state">
          <Icon name={mark} />
          <span className="truncate">
            {word}
            {attempts > 1 && ` · attempt ${attempts}`}
            {step.percent !== null && !isFinal(step.status) && ` · ${step.percent.toFixed(0)} %`}
            {step.etaMinutes !== null && !isFinal(step.status) && ` · ${step.etaMinutes} min left`}
          </span>
        </div>
      </div>
    </>
  );
}

const StepBox = memo(function StepBox({ data, selected }: NodeProps<StepNode>) {
  const { tone, icon: mark, word } = looksOf(data.step.status);
  const far = useFar();
  return (
    <div className="run-node" data-tone={tone} data-selected={selected || undefined} data-live={data.step.status === "RUNNING" || undefined}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      {!far && <Face {...data} mark={mark} word={word} />}
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </div>
  );
});

const nodeTypes = { step: StepBox };

export interface RunGraphProps {
  dag: Dag;
  steps: readonly ShownStep[];
  selected: string | null;
  onSelect: (stepId: string | null) => void;
}

/** One node for each step, the same object as long as nothing of it changes: a run of many steps changes one at a time. */
function useNodes(steps: readonly ShownStep[], places: Places, selected: string | null): StepNode[] {
  const { byType } = useActions();
  const made = useRef(new Map<string, StepNode>());
  return useMemo(() => {
    const before = made.current;
    const nodes = steps.flatMap((step): StepNode[] => {
      const position = places.get(step.id);
      if (!position) return [];
      const { icon, color } = looksOfAction(byType, step.action);
      const old = before.get(step.id);
      if (old && old.position === position && old.selected === (step.id === selected) && old.data.icon === icon && sameLooks(old.data.step, step)) return [old];
      return [
        {
          id: step.id, type: "step", position, style: placedAt(position), width: nodeWidth, height: heightOf(0), selected: step.id === selected,
          ariaLabel: `${step.name}: ${looksOf(step.status).word}`, data: { step, icon, color },
        },
      ];
    });
    made.current = new Map(nodes.map((node) => [node.id, node]));
    return nodes;
  }, [steps, places, selected, byType]);
}

/** Whether two states of a step are drawn alike. */
const sameLooks = (a: ShownStep, b: ShownStep): boolean =>
  a.status === b.status && a.name === b.name && a.percent === b.percent && a.etaMinutes === b.etaMinutes && a.attempts.length === b.attempts.length;

/** What an edge shows of the step that it leads to. */
const edgeStateOf = (status: string | undefined) => (status === "RUNNING" || status === "SKIPPED" ? status : "");

function useLines(dag: Dag, routes: RoutesOf, steps: readonly ShownStep[]): Edge[] {
  const edges = useMemo(() => edgesOf(dag, routes), [dag, routes]);
  const states = new Map(steps.map((step) => [step.id, edgeStateOf(step.status)]));
  const shown = edges.map((edge) => states.get(edge.to) ?? "").join(" ");
  return useMemo(
    () =>
      edges.map((edge): Edge => {
        const state = states.get(edge.to);
        return {
          id: `${edge.from} ${edge.branch?.id ?? ""} ${edge.to}`,
          source: edge.from,
          target: edge.to,
          type: "smoothstep",
          ...(edge.branch ? { label: lineLabel(edge.branch.label || edge.branch.id) } : {}),
          markerEnd: { type: MarkerType.ArrowClosed },
          animated: state === "RUNNING",
          className: state === "SKIPPED" ? "run-edge-skipped" : "",
          focusable: false,
        };
      }),
    [edges, shown],
  );
}

/** The graph of an execution with the state of every step, while it runs and afterwards. */
export function RunGraph({ dag, steps, selected, onSelect }: RunGraphProps) {
  const routes = useRoutes();
  const arranged = usePlaces(dag, routes);
  const nodes = useNodes(steps, arranged.places, selected);
  const lines = useLines(dag, routes, steps);
  return (
    <div className="run-graph card">
      <ReactFlowProvider>
        <Flow arranged={arranged} overview={steps.length > 20 ? "Overview of the graph" : undefined} nodes={nodes} edges={lines} nodeTypes={nodeTypes}
              fitViewOptions={{ maxZoom: 1, padding: 0.15 }} minZoom={0.08} nodesDraggable={false} nodesConnectable={false} edgesFocusable={false}
              onNodeClick={(_event, node) => onSelect(node.id)} onPaneClick={() => onSelect(null)}
              onSelectionChange={({ nodes: chosen }) => chosen[0] && chosen[0].id !== selected && onSelect(chosen[0].id)}
              aria-label="Graph of the execution" />
      </ReactFlowProvider>
    </div>
  );
}
