// SPDX-License-Identifier: Apache-2.0
import { useExecutions } from "@/api/executions";
import { usePipelines } from "@/api/pipelines";
import { Button, ErrorState, Pager, SelectField, Skeleton, State, TextField, statusLooks } from "@/ui/kit";
import type { StreamState } from "@/api/sse";
import { ExecutionTable } from "./ExecutionTable";
import { useFilters } from "./useFilters";
import { useLiveExecutions } from "./useLive";

const names = ["status", "initiator", "workflow_id", "from", "to", "page"] as const;
const perPage = 25;
const states = [
  { value: "", label: "All" },
  ...["pending", "running", "paused", "completed", "failed", "cancelled", "timeout", "interrupted"].map((status) => ({
    value: status.toUpperCase(),
    label: statusLooks[status]?.word ?? status,
  })),
];
const words: Record<StreamState, string> = {
  connecting: "Connecting",
  open: "Live",
  waiting: "Connecting again",
  ended: "Not live",
  refused: "Asked every 10 seconds",
};

/** A day as a moment: its beginning or its end, in the time zone of the person. */
function momentOf(day: string, end: boolean): string | undefined {
  const date = new Date(`${day}T${end ? "23:59:59.999" : "00:00:00"}`);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function PipelineFilter({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const { data } = usePipelines();
  const listed = (data ?? []).map((pipeline) => ({ value: pipeline.id, label: pipeline.name }));
  const unknown = value && !listed.some((option) => option.value === value) ? [{ value, label: "One that is not listed" }] : [];
  return (
    <SelectField label="Pipeline" value={value} onChange={(event) => onChange(event.target.value)}
                 options={[{ value: "", label: "All" }, ...listed, ...unknown]} />
  );
}

/** Executions with filters and pages, live. With `pipelineId`, those of one pipeline. */
export function ExecutionList({ pipelineId }: { pipelineId?: string }) {
  const [filters, change] = useFilters(names);
  const live = useLiveExecutions();
  const workflow = pipelineId ?? filters.workflow_id;
  const start = filters.from && momentOf(filters.from, false);
  const end = filters.to && momentOf(filters.to, true);
  const { data, error, isPending, isPlaceholderData, refetch } = useExecutions({
    page: Math.max(1, Number(filters.page) || 1),
    page_size: perPage,
    ...(filters.status ? { status: filters.status } : {}),
    ...(filters.initiator ? { initiator: filters.initiator } : {}),
    ...(workflow ? { workflow_id: workflow } : {}),
    ...(start ? { start_date: start } : {}),
    ...(end ? { end_date: end } : {}),
  });
  const set = (changes: Partial<Record<(typeof names)[number], string>>) => change({ page: "", ...changes });
  const isFiltered = Boolean(filters.status || filters.initiator || filters.from || filters.to || (filters.workflow_id && !pipelineId));
  const clear = <Button onClick={() => set({ status: "", initiator: "", workflow_id: "", from: "", to: "" })}>Clear the filters</Button>;
  return (
    <div className="stack">
      <div className="filters" role="search">
        <SelectField label="Status" options={states} value={filters.status} onChange={(event) => set({ status: event.target.value })} />
        {!pipelineId && <PipelineFilter value={filters.workflow_id} onChange={(id) => set({ workflow_id: id })} />}
        <TextField label="Started by" placeholder="Anyone" value={filters.initiator} onChange={(event) => set({ initiator: event.target.value })} />
        <TextField label="From" type="date" value={filters.from} max={filters.to} onChange={(event) => set({ from: event.target.value })} />
        <TextField label="To" type="date" value={filters.to} min={filters.from} onChange={(event) => set({ to: event.target.value })} />
        <span className="grow" />
        <span className="live" data-state={live} role="status">{words[live]}</span>
      </div>
      <div className="card" aria-busy={isPlaceholderData}>
        {isPending ? (
          <div className="card-body"><Skeleton lines={6} label="Loading the executions" /></div>
        ) : !data ? (
          <ErrorState error={error} title="The executions could not be loaded" onRetry={() => void refetch()} />
        ) : data.executions.length === 0 ? (
          <State icon={isFiltered ? "search" : "history"} title={isFiltered ? "Nothing matches" : "Nothing has run yet"} actions={isFiltered ? clear : undefined}>
            {isFiltered ? "No execution has this status, initiator and time." : "Executions appear here as soon as a pipeline is started, from the editor or from anywhere else."}
          </State>
        ) : (
          <>
            <ExecutionTable executions={data.executions} hidePipeline={Boolean(pipelineId)} />
            <Pager page={data.pagination.page} pages={data.pagination.total_pages} total={data.pagination.total_count}
                   noun={data.pagination.total_count === 1 ? "execution" : "executions"} onChange={(page) => change({ page: String(page) })} />
          </>
        )}
      </div>
    </div>
  );
}
