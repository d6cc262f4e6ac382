// SPDX-License-Identifier: Apache-2.0
import type { Pipeline } from "@/api/types";

export type PipelineOrder = "updated" | "name" | "runs" | "ran";

export interface PipelineFilter {
  text: string;
  status: string;
  order: PipelineOrder;
}

const time = (at: string | null) => (at ? Date.parse(at) : 0);
const orders: Record<PipelineOrder, (a: Pipeline, b: Pipeline) => number> = {
  updated: (a, b) => time(b.updated_at) - time(a.updated_at),
  name: (a, b) => a.name.localeCompare(b.name),
  runs: (a, b) => b.execution_count - a.execution_count,
  ran: (a, b) => time(b.last_execution_at) - time(a.last_execution_at),
};

/** The pipelines that a filter lets through, in its order. Every word must stand in the name or the description. */
export function filterPipelines(pipelines: readonly Pipeline[], filter: PipelineFilter): readonly Pipeline[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return pipelines
    .filter((pipeline) => {
      const text = `${pipeline.name} ${pipeline.description ?? ""} ${pipeline.id}`.toLowerCase();
      return (!filter.status || pipeline.status === filter.status) && words.every((word) => text.includes(word));
    })
    .sort(orders[filter.order]);
}
