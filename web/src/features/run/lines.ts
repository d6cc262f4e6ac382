// SPDX-License-Identifier: Apache-2.0
import type { LogPage } from "@/api/types";

export type LogLine = LogPage["logs"][number];

const keyOf = (line: LogLine) => `${line.timestamp} ${line.step_id ?? ""} ${line.attempt} ${line.message}`;

/** Stored lines and those that came since, each once, in order. */
export function mergeLines(stored: readonly LogLine[], live: readonly LogLine[]): readonly LogLine[] {
  const known = new Set(stored.map(keyOf));
  return [...stored, ...live.filter((line) => !known.has(keyOf(line)))];
}
