// SPDX-License-Identifier: Apache-2.0
import { Link } from "react-router-dom";
import type { Execution } from "@/api/types";
import { Duration, Moment, StatusBadge, looksOf } from "@/ui/kit";
import "./lists.css";

/** How far an execution is, as a bar and in per cent. */
export function Progress({ percentage, status }: { percentage: string; status: string }) {
  const value = Math.max(0, Math.min(100, Number(percentage) || 0));
  return (
    <div className="progress" data-tone={looksOf(status).tone}>
      <span className="progress-track" role="progressbar" aria-label="Progress" aria-valuenow={value} aria-valuemin={0} aria-valuemax={100}>
        <span style={{ width: `${value}%` }} />
      </span>
      <span aria-hidden="true">{Math.round(value)} %</span>
    </div>
  );
}

const shortId = (id: string) => id.slice(-8);

export function ExecutionTable({ executions, hidePipeline }: { executions: readonly Execution[]; hidePipeline?: boolean }) {
  return (
    <div className="table-wrap">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{hidePipeline ? "Execution" : "Pipeline"}</th>
            <th scope="col">Status</th>
            <th scope="col">Progress</th>
            <th scope="col">Started</th>
            <th scope="col">Duration</th>
            <th scope="col">By</th>
          </tr>
        </thead>
        <tbody>
          {executions.map((execution) => (
            <tr key={execution.id}>
              <td>
                <div className="name-cell">
                  <div className="grow">
                    <Link to={`/executions/${execution.id}`}>
                      {hidePipeline ? <code>{shortId(execution.id)}</code> : execution.pipeline_definition.workflow_name}
                      {!hidePipeline && <span className="sr-only"> {shortId(execution.id)}</span>}
                    </Link>
                    <p className="truncate">
                      {!hidePipeline && <code title={execution.id}>{shortId(execution.id)}</code>}
                      {execution.pipeline_revision !== null && `${hidePipeline ? "" : " · "}version ${execution.pipeline_revision}`}
                      {execution.retry_of && " · retry"}
                    </p>
                  </div>
                </div>
              </td>
              <td><StatusBadge status={execution.status} /></td>
              <td><Progress percentage={execution.progress_percentage} status={execution.status} /></td>
              <td><Moment at={execution.start_time ?? execution.created_at} /></td>
              <td><Duration from={execution.start_time} to={execution.end_time ?? (execution.status === "RUNNING" ? null : execution.updated_at)} /></td>
              <td className="quiet nowrap">{execution.initiator ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
