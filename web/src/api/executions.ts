// SPDX-License-Identifier: Apache-2.0
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { get } from "./client";
import { newKey } from "./key";
import type { EventPage, Execution, ExecutionPage, ExecutionStart, LogPage, Step, StepParams, TemplatePreview } from "./types";

export interface ExecutionFilters {
  status?: string;
  initiator?: string;
  workflow_id?: string;
  start_date?: string;
  end_date?: string;
  page?: number;
  page_size?: number;
}

const at = (id: string) => `/executions/${encodeURIComponent(id)}`;

export const executionKeys = {
  all: ["executions"] as const,
  list: (filters: ExecutionFilters) => ["executions", "list", filters] as const,
  one: (id: string) => ["executions", "one", id] as const,
  steps: (id: string) => ["executions", "steps", id] as const,
  side: (id: string) => ["executions", "side", id] as const,
};

export function useExecutions(filters: ExecutionFilters) {
  return useQuery({
    queryKey: executionKeys.list(filters),
    queryFn: ({ signal }) => get<ExecutionPage>("/executions", { query: { ...filters }, signal }),
    placeholderData: keepPreviousData,
  });
}

export const getExecution = (id: string, signal?: AbortSignal) => get<Execution>(at(id), { signal });

/** Of null: nothing. */
export function useExecution(id: string | null) {
  return useQuery({ queryKey: executionKeys.one(id ?? ""), queryFn: ({ signal }) => getExecution(id ?? "", signal), enabled: id !== null });
}

export const getSteps = async (id: string, signal?: AbortSignal) => (await get<{ steps: Step[] }>(`${at(id)}/steps`, { signal })).steps;

export function useSteps(id: string) {
  return useQuery({ queryKey: executionKeys.steps(id), queryFn: ({ signal }) => getSteps(id, signal) });
}

export const startExecution = (pipelineId: string, params: Record<string, unknown>) =>
  get<ExecutionStart>("/executions", {
    method: "POST",
    body: { workflow_id: pipelineId, params, initiator: "editor" },
    idempotencyKey: newKey(),
  });

export const runDefinition = (definition: Record<string, unknown>, params: Record<string, unknown>) =>
  get<ExecutionStart>("/executions/run", {
    method: "POST",
    body: { pipeline_definition: definition, params, initiator: "editor" },
    idempotencyKey: newKey(),
  });

export const cancelExecution = (id: string, reason?: string) =>
  get<unknown>(`${at(id)}/cancel`, { method: "POST", body: reason ? { reason } : {} });
export const pauseExecution = (id: string) => get<unknown>(`${at(id)}/pause`, { method: "POST" });
export const resumeExecution = (id: string) => get<unknown>(`${at(id)}/resume`, { method: "POST" });
export const retryExecution = (id: string, fromStep?: string) =>
  get<ExecutionStart>(`${at(id)}/retry`, {
    method: "POST",
    body: fromStep ? { from_step: fromStep } : {},
    idempotencyKey: newKey(),
  });
export const deleteExecution = (id: string) => get<null>(at(id), { method: "DELETE" });

export const getEvents = (id: string, query: { limit?: number; offset?: number } = {}) => get<EventPage>(`${at(id)}/events`, { query });
export const getLogs = (id: string, stepId?: string) =>
  get<LogPage>(stepId ? `${at(id)}/steps/${encodeURIComponent(stepId)}/logs` : `${at(id)}/logs`, { query: { limit: 10_000 } });

/** What a template comes to in an execution; `stepId` sees only what that step can. */
export const previewTemplate = (id: string, template: unknown, stepId: string | null, signal?: AbortSignal) =>
  get<TemplatePreview>(`${at(id)}/preview`, { method: "POST", body: { template, step_id: stepId }, signal });

/** What the parameters of a step come to, from what the steps before it gave. */
export const getStepParams = (id: string, stepId: string) => get<StepParams>(`${at(id)}/steps/${encodeURIComponent(stepId)}/params`);
