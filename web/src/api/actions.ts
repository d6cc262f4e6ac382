// SPDX-License-Identifier: Apache-2.0
/** The Actions API. Nothing here, or elsewhere in the editor, knows an action by name. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { get } from "./client";
import type { Action, ActionFindings, ActionList, ParamOptions } from "./types";

export const fetchActions = (signal?: AbortSignal) => get<ActionList>("/actions", { signal });

/** What the service says of the parameters of one action; pointers are into the parameters. */
export function validateParams(actionType: string, params: Record<string, unknown>, signal?: AbortSignal) {
  return get<ActionFindings>("/actions/validate", { method: "POST", body: { actionType, params }, signal });
}

/** Which parameter it is whose options are asked for. */
export interface OptionsOf {
  action: string;
  param: string;
  /** Cloud models are those of a provider. */
  providerId?: string | undefined;
}

/** What a parameter may be set to, as the service that knows these things lists it. */
export const fetchOptions = ({ action, param, providerId }: OptionsOf, query: { q: string; limit: number }, signal?: AbortSignal) =>
  get<ParamOptions>(`/actions/${encodeURIComponent(action)}/params/${encodeURIComponent(param)}/options`, { query: { ...query, provider_id: providerId }, signal });

/** The catalogue. The last good one is kept, and marked stale, while the service cannot give another. */
export function useActions() {
  const query = useQuery({ queryKey: ["actions"], queryFn: ({ signal }) => fetchActions(signal), staleTime: 60_000, gcTime: Infinity });
  const byType = useMemo(() => new Map((query.data?.actions ?? []).map((action) => [action.type, action])), [query.data]);
  return { ...query, byType, stale: Boolean(query.data && query.isError) };
}

/** How an action is shown; one that the service does not know keeps its type as its name. */
export function looksOfAction(byType: ReadonlyMap<string, Action>, type: string): { name: string; icon: string; color: string; known: boolean } {
  const action = byType.get(type);
  return { name: action?.name ?? type, icon: action?.icon ?? "gear", color: action?.color ?? "#8c8c8c", known: Boolean(action) };
}

/** Which parameter of an action holds branches, as features/definition asks it. */
export function useRoutes(): (type: string) => string | null {
  const { byType } = useActions();
  return useCallback((type) => byType.get(type)?.routes ?? null, [byType]);
}
