// SPDX-License-Identifier: Apache-2.0
import { ApiError } from "@/api/errors";

export interface Refusals {
  /** What was said of each parameter. */
  byName: Readonly<Record<string, string>>;
  /** What was said of the rest. */
  rest: string | null;
}

/** What the service said of parameters whose pointers begin so ("/params"), and of everything else. */
export function refusals(error: unknown, place: string): Refusals {
  if (!error) return { byName: {}, rest: null };
  if (!(error instanceof ApiError)) return { byName: {}, rest: error instanceof Error ? error.message : String(error) };
  const byName: Record<string, string> = {};
  const rest: string[] = [];
  for (const problem of error.problems) {
    const pointer = problem.pointer ?? "";
    const name = pointer.startsWith(`${place}/`) ? pointer.slice(place.length + 1).split("/")[0] : undefined;
    if (name) byName[name.replaceAll("~1", "/").replaceAll("~0", "~")] ??= problem.message;
    else rest.push(problem.message);
  }
  return { byName, rest: error.problems.length === 0 ? error.message : rest.join(" ") || null };
}
