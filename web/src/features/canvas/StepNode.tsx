// SPDX-License-Identifier: Apache-2.0
import { Handle, Position } from "@xyflow/react";
import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";
import { ActionIcon } from "@/features/catalogue/ActionIcon";
import type { Branch } from "@/features/definition";
import { heightOf, nodeWidth } from "@/features/definition/layout";
import { useFar } from "@/features/graph/Flow";
import { Icon } from "@/ui/icons/Icon";

export interface StepNodeData extends Record<string, unknown> {
  name: string;
  action: string;
  icon: string;
  color: string;
  known: boolean;
  condition: string;
  branches: readonly Branch[];
  errors: number;
  warnings: number;
}

export type StepNodeType = Node<StepNodeData, "step">;

export const branchHandle = (id: string) => `branch:${id}`;
export const branchOfHandle = (handle: string | null | undefined) => (handle?.startsWith("branch:") ? handle.slice("branch:".length) : null);

function Marks({ data }: { data: StepNodeData }) {
  return (
    <span className="step-node-marks">
      {data.condition && (
        <span className="step-node-mark" title={`Runs if ${data.condition}`}>
          <Icon name="git-branch" />
          <span className="sr-only">has a condition</span>
        </span>
      )}
      {data.errors > 0 && (
        <span className="step-node-mark" data-tone="bad" title={`${data.errors} errors`}>
          <Icon name="circle-alert" />
          <span className="sr-only">{data.errors} errors</span>
        </span>
      )}
      {data.errors === 0 && data.warnings > 0 && (
        <span className="step-node-mark" data-tone="warn" title={`${data.warnings} warnings`}>
          <Icon name="triangle-alert" />
          <span className="sr-only">{data.warnings} warnings</span>
        </span>
      )}
    </span>
  );
}

/** What can be read of a step. */
function Face({ data }: { data: StepNodeData }) {
  return (
    <div className="step-node-main">
      <ActionIcon icon={data.icon} color={data.color} size="m" />
      <div className="step-node-texts">
        <div className="step-node-name truncate">{data.name}</div>
        <div className="step-node-action truncate">{data.known ? data.action : `unknown: ${data.action}`}</div>
      </div>
      <Marks data={data} />
    </div>
  );
}

/** A step on the canvas; each branch has an exit of its own. */
export const StepNode = memo(function StepNode({ data, selected }: NodeProps<StepNodeType>) {
  const far = useFar();
  return (
    <div className="step-node" data-selected={selected || undefined} data-bad={data.errors > 0 || undefined}
         style={{ width: nodeWidth, height: heightOf(data.branches.length), "--action": data.color } as React.CSSProperties}>
      <Handle type="target" position={Position.Left} className="step-node-in" />
      {far ? <div className="step-node-main" /> : <Face data={data} />}
      {data.branches.length > 0 ? (
        <ul className="step-node-branches">
          {data.branches.map((branch) => (
            <li key={branch.id}>
              {!far && <span className="truncate" title={branch.condition || "always"}>{branch.label || branch.id}</span>}
              <Handle type="source" id={branchHandle(branch.id)} position={Position.Right} className="step-node-out" />
            </li>
          ))}
        </ul>
      ) : (
        <Handle type="source" position={Position.Right} className="step-node-out" />
      )}
    </div>
  );
});
