// SPDX-License-Identifier: Apache-2.0
import { useQuery } from "@tanstack/react-query";
import type { QueryClient } from "@tanstack/react-query";
import { get, request } from "./client";
import { newKey } from "./key";
import type { Pipeline, PipelineDiff, PipelineRevision, Validation } from "./types";

/** A definition as the service stores it: exactly what was saved. */
export type Dag = Record<string, unknown>;

export const pipelineKeys = {
  all: ["pipelines"] as const,
  one: (id: string) => ["pipelines", id] as const,
  versions: (id: string) => ["pipelines", id, "versions"] as const,
};

export function usePipelines() {
  return useQuery({
    queryKey: [...pipelineKeys.all, "list"],
    queryFn: ({ signal }) => get<Pipeline[]>("/pipelines", { query: { include_dag: false, include_system: true }, signal }),
  });
}

/** One pipeline with its definition, and the ETag that saving it needs. */
export function usePipeline(id: string) {
  return useQuery({
    queryKey: pipelineKeys.one(id),
    queryFn: ({ signal }) => request<Pipeline>(`/pipelines/${encodeURIComponent(id)}`, { signal }),
    refetchOnWindowFocus: false,
  });
}

export function useVersions(id: string) {
  return useQuery({
    queryKey: pipelineKeys.versions(id),
    queryFn: async ({ signal }) =>
      (await get<{ versions: PipelineRevision[] }>(`/pipelines/${encodeURIComponent(id)}/versions`, { signal })).versions,
  });
}

export const getPipeline = (id: string) => get<Pipeline>(`/pipelines/${encodeURIComponent(id)}`);

export const getVersion = (id: string, version: string) =>
  get<PipelineRevision & { dag: Dag }>(`/pipelines/${encodeURIComponent(id)}/versions/${encodeURIComponent(version)}`);

export const getDiff = (id: string, from: string, to: string) =>
  get<PipelineDiff>(`/pipelines/${encodeURIComponent(id)}/versions/${encodeURIComponent(from)}/diff/${encodeURIComponent(to)}`);

export const restoreVersion = (id: string, version: string) =>
  get<Pipeline>(`/pipelines/${encodeURIComponent(id)}/versions/${encodeURIComponent(version)}/restore`, { method: "POST" });

export const createPipeline = (dag: Dag, fields: { name?: string; icon?: string | null } = {}) =>
  get<Pipeline>("/pipelines", { method: "POST", body: { dag, ...fields }, idempotencyKey: newKey() });

/** Saves a new version. 409 when someone else saved since `etag` was read. */
export const savePipeline = (id: string, dag: Dag, etag: string | null, fields: { name?: string; icon?: string | null } = {}) =>
  request<Pipeline>(`/pipelines/${encodeURIComponent(id)}`, { method: "PUT", body: { dag, ...fields }, ifMatch: etag });

export const deletePipeline = (id: string) => get<null>(`/pipelines/${encodeURIComponent(id)}`, { method: "DELETE" });

/** Everything that is wrong with a definition; pointers are into the definition. */
export const validateDefinition = (dag: Dag, signal?: AbortSignal) =>
  get<Validation>("/validate", { method: "POST", body: { dag }, signal });

export const forgetPipelines = (client: QueryClient) => client.invalidateQueries({ queryKey: pipelineKeys.all });
