// SPDX-License-Identifier: Apache-2.0
import { Link } from "react-router-dom";
import type { Pipeline } from "@/api/types";
import { Icon } from "@/ui/icons/Icon";
import { Badge, IconButton, Menu, Moment } from "@/ui/kit";
import type { MenuItem } from "@/ui/kit";
import type { Tone } from "@/ui/kit";
import "./lists.css";

const states: Record<Pipeline["status"], Tone> = { draft: "warn", active: "ok", archived: "muted" };

export function PipelineStatus({ status }: { status: Pipeline["status"] }) {
  return <Badge tone={states[status]}>{status}</Badge>;
}

export interface PipelineTableProps {
  pipelines: readonly Pipeline[];
  commandsOf: (pipeline: Pipeline) => readonly (MenuItem | "line")[];
}

export function PipelineTable({ pipelines, commandsOf }: PipelineTableProps) {
  return (
    <div className="table-wrap">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Status</th>
            <th scope="col" className="number">Steps</th>
            <th scope="col" className="number">Version</th>
            <th scope="col" className="number">Executions</th>
            <th scope="col">Last run</th>
            <th scope="col">Saved</th>
            <th scope="col">
              <span className="sr-only">Commands</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {pipelines.map((pipeline) => (
            <tr key={pipeline.id}>
              <td>
                <div className="name-cell">
                  <span className="pipeline-mark">
                    <Icon name={pipeline.icon} fallback="workflow" />
                  </span>
                  <div className="grow">
                    <Link to={`/pipelines/${pipeline.id}`}>{pipeline.name}</Link>
                    {pipeline.description && <p className="truncate">{pipeline.description}</p>}
                  </div>
                </div>
              </td>
              <td>
                <PipelineStatus status={pipeline.status} />
              </td>
              <td className="number">{pipeline.step_count}</td>
              <td className="number">{pipeline.version}</td>
              <td className="number">{pipeline.execution_count.toLocaleString()}</td>
              <td><Moment at={pipeline.last_execution_at} /></td>
              <td><Moment at={pipeline.updated_at} /></td>
              <td className="actions">
                <Menu trigger={<IconButton icon="ellipsis" label={`Commands for ${pipeline.name}`} />} items={commandsOf(pipeline)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
