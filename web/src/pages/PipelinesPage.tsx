// SPDX-License-Identifier: Apache-2.0
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { usePageTitle } from "@/app/title";
import { createPipeline, forgetPipelines, getPipeline, usePipelines } from "@/api/pipelines";
import type { Pipeline } from "@/api/types";
import { isObject } from "@/features/definition";
import { CreateDialog, DeleteDialog, ImportDialog } from "@/features/lists/PipelineDialogs";
import { PipelineTable } from "@/features/lists/PipelineTable";
import { download } from "@/features/lists/files";
import { filterPipelines } from "@/features/lists/filter";
import type { PipelineOrder } from "@/features/lists/filter";
import { useFilters } from "@/features/lists/useFilters";
import { Button, ErrorState, Pager, Search, SelectField, Skeleton, State, useToaster } from "@/ui/kit";
import type { MenuItem } from "@/ui/kit";

const names = ["q", "status", "order", "page"] as const;
const perPage = 25;
const orders = [
  { value: "updated", label: "Saved last" },
  { value: "ran", label: "Run last" },
  { value: "runs", label: "Most executions" },
  { value: "name", label: "Name" },
];
const states = [
  { value: "", label: "All" },
  { value: "active", label: "Active" },
  { value: "draft", label: "Draft" },
  { value: "archived", label: "Archived" },
];

/** A name that a copy may have: no other pipeline of the list has it. */
function nameOfCopy(name: string, pipelines: readonly Pipeline[]): string {
  const taken = new Set(pipelines.map((pipeline) => pipeline.name));
  for (let number = 1; ; number++) {
    const copy = `${name} (copy${number > 1 ? ` ${number}` : ""})`;
    if (!taken.has(copy)) return copy;
  }
}

function useCommands(pipelines: readonly Pipeline[], onDelete: (pipeline: Pipeline) => void) {
  const client = useQueryClient();
  const toaster = useToaster();
  const navigate = useNavigate();
  const withDag = async (pipeline: Pipeline, what: string, then: (dag: Record<string, unknown>) => Promise<void> | void) => {
    try {
      const { dag } = await getPipeline(pipeline.id);
      if (isObject(dag)) await then(dag);
    } catch (error) {
      toaster.failed(what, error);
    }
  };
  const duplicate = (pipeline: Pipeline) =>
    withDag(pipeline, "It could not be duplicated", async (dag) => {
      const name = nameOfCopy(pipeline.name, pipelines);
      await createPipeline({ ...dag, name }, { name, icon: pipeline.icon });
      await forgetPipelines(client);
      toaster.done(`“${name}” was made`);
    });
  const save = (pipeline: Pipeline, format: "yaml" | "json") =>
    withDag(pipeline, "It could not be exported", (dag) => {
      if (isObject(dag)) download(pipeline.name, dag, format);
    });
  return (pipeline: Pipeline): readonly (MenuItem | "line")[] => [
    { label: "Open", icon: "pencil", onSelect: () => navigate(`/pipelines/${pipeline.id}`) },
    { label: "Executions", icon: "history", onSelect: () => navigate(`/executions?workflow_id=${pipeline.id}`) },
    { label: "Versions", icon: "git-compare", onSelect: () => navigate(`/pipelines/${pipeline.id}/versions`) },
    "line",
    { label: "Duplicate", icon: "copy", onSelect: () => void duplicate(pipeline) },
    { label: "Export as YAML", icon: "download", onSelect: () => void save(pipeline, "yaml") },
    { label: "Export as JSON", icon: "download", onSelect: () => void save(pipeline, "json") },
    "line",
    { label: "Delete", icon: "trash", danger: true, onSelect: () => onDelete(pipeline) },
  ];
}

export function Component() {
  usePageTitle("Pipelines");
  const { data, error, isPending, refetch } = usePipelines();
  const [filters, change] = useFilters(names);
  const [dialog, setDialog] = useState<"create" | "import" | null>(null);
  const [doomed, setDoomed] = useState<Pipeline | null>(null);
  const commandsOf = useCommands(data ?? [], setDoomed);
  const order = (orders.some((item) => item.value === filters.order) ? filters.order : "updated") as PipelineOrder;
  const found = filterPipelines(data ?? [], { text: filters.q, status: filters.status, order });
  const pages = Math.max(1, Math.ceil(found.length / perPage));
  const page = Math.min(pages, Math.max(1, Number(filters.page) || 1));
  const create = (
    <>
      <Button icon="upload" onClick={() => setDialog("import")}>Import</Button>
      <Button icon="plus" kind="primary" onClick={() => setDialog("create")}>New pipeline</Button>
    </>
  );
  return (
    <div className="page">
      <header className="page-head">
        <h1 className="grow">Pipelines</h1>
        {create}
      </header>
      <div className="filters" role="search">
        <Search label="Search pipelines" placeholder="Search by name or description" value={filters.q}
                onChange={(event) => change({ q: event.target.value, page: "" })} />
        <SelectField label="Status" options={states} value={filters.status} onChange={(event) => change({ status: event.target.value, page: "" })} />
        <SelectField label="Order" options={orders} value={order} onChange={(event) => change({ order: event.target.value })} />
      </div>
      <div className="card">
        {isPending ? (
          <div className="card-body"><Skeleton lines={6} label="Loading the pipelines" /></div>
        ) : !data ? (
          <ErrorState error={error} title="The pipelines could not be loaded" onRetry={() => void refetch()} />
        ) : data.length === 0 ? (
          <State icon="workflow" title="No pipelines yet" actions={create}>
            A pipeline is a graph of steps. Begin with an empty one, or import a definition as YAML or JSON.
          </State>
        ) : found.length === 0 ? (
          <State icon="search" title="Nothing matches" actions={<Button onClick={() => change({ q: "", status: "" })}>Clear the filters</Button>}>
            No pipeline has these words in its name or description, and this status.
          </State>
        ) : (
          <>
            <PipelineTable pipelines={found.slice((page - 1) * perPage, page * perPage)} commandsOf={commandsOf} />
            <Pager page={page} pages={pages} total={found.length} noun={found.length === 1 ? "pipeline" : "pipelines"}
                   onChange={(next) => change({ page: String(next) })} />
          </>
        )}
      </div>
      {dialog === "create" && <CreateDialog open onOpenChange={(open) => !open && setDialog(null)} />}
      {dialog === "import" && <ImportDialog open onOpenChange={(open) => !open && setDialog(null)} />}
      <DeleteDialog pipeline={doomed} onClose={() => setDoomed(null)} />
    </div>
  );
}
