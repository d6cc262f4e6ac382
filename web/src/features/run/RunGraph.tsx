// SPDX-License-Identifier: Apache-2.0
import { Background, Controls, Handle, MarkerType, MiniMap, Position, ReactFlow } from "@xyflow/react";
import type { Edge, Node, NodeProps } from "@xyflow/react";
import { memo, useMemo } from "react";
import { looksOfAction, useActions, useRoutes } from "@/api/actions";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import { edgesOf } from "@/features/definition";
import type { Dag } from "@/features/definition";
import { heightOf, nodeWidth, placesOf } from "@/features/definition/layout";
import { Icon } from "@/ui/icons/Icon";
import { looksOf } from "@/ui/kit";
import { isFinal } from "./live";
import type { ShownStep } from "./live";
import "@xyflow/react/dist/base.css";
import "@/ui/graph.css";

type StepNode = Node<{ step: ShownStep; icon: string; color: string }, "step">;

const StepBox = memo(function StepBox({ data, selected }: NodeProps<StepNode>) {
  const { step, icon, color } = data;
  const { tone, icon: mark, word } = looksOf(step.status);
  const attempts = step.attempts.length;
  return (
    <div className="run-node" data-tone={tone} data-selected={selected || undefined} data-live={step.status === "RUNNING" || undefined}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <ActionIcon icon={icon} color={color} size="s" />
      <div className="grow">
        <div className="truncate run-node-name">{step.name}</div>
        <div className="run-node-state">
          <Icon name={mark} />
          <span className="truncate">
            {word}
            {attempts > 1 && ` · attempt ${attempts}`}
            {step.percent !== null && !isFinal(step.status) && ` · ${step.percent.toFixed(0)} %`}
          </span>
        </div>
      </div>
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

/** The graph of an execution with the state of every step, while it runs and afterwards. */
export function RunGraph({ dag, steps, selected, onSelect }: RunGraphProps) {
  const { byType } = useActions();
  const routes = useRoutes();
  const edges = useMemo(() => edgesOf(dag, routes), [dag, routes]);
  const places = useMemo(() => placesOf(dag, routes), [dag, routes]);
  const states = new Map(steps.map((step) => [step.id, step.status]));
  const nodes = steps.map((step): StepNode => {
    const { icon, color } = looksOfAction(byType, step.action);
    const { x = 0, y = 0 } = places.get(step.id) ?? {};
    return {
      id: step.id,
      type: "step",
      position: { x, y },
      width: nodeWidth,
      height: heightOf(0),
      selected: step.id === selected,
      ariaLabel: `${step.name}: ${looksOf(step.status).word}`,
      data: { step, icon, color },
    };
  });
  const lines = edges.map((edge): Edge => ({
    id: `${edge.from} ${edge.branch?.id ?? ""} ${edge.to}`,
    source: edge.from,
    target: edge.to,
    type: "smoothstep",
    ...(edge.branch ? { label: edge.branch.label || edge.branch.id } : {}),
    markerEnd: { type: MarkerType.ArrowClosed },
    animated: states.get(edge.to) === "RUNNING",
    className: states.get(edge.to) === "SKIPPED" ? "run-edge-skipped" : "",
    focusable: false,
  }));
  return (
    <div className="run-graph card">
      <ReactFlow nodes={nodes} edges={lines} nodeTypes={nodeTypes} fitView fitViewOptions={{ maxZoom: 1, padding: 0.15 }} minZoom={0.1}
                 nodesDraggable={false} nodesConnectable={false} edgesFocusable={false} onlyRenderVisibleElements={steps.length > 100}
                 onNodeClick={(_event, node) => onSelect(node.id)} onPaneClick={() => onSelect(null)}
                 onSelectionChange={({ nodes: chosen }) => chosen[0] && chosen[0].id !== selected && onSelect(chosen[0].id)}
                 aria-label="Graph of the execution">
        <Background gap={20} />
        <Controls showInteractive={false} />
        {steps.length > 20 && <MiniMap pannable zoomable ariaLabel="Overview of the graph" />}
      </ReactFlow>
    </div>
  );
}
