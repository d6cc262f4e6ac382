// SPDX-License-Identifier: Apache-2.0
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { getLogs } from "@/api/executions";
import { ErrorState, Search, SelectField, Skeleton } from "@/ui/kit";
import { mergeLines } from "./lines";
import type { LogLine } from "./lines";

const levels = ["debug", "info", "warning", "error"] as const;
export interface LogsProps {
  executionId: string;
  /** Of one step, or of all. */
  stepId?: string;
  live: readonly LogLine[];
}

/** What actions have logged. */
export function Logs({ executionId, stepId, live }: LogsProps) {
  const [text, setText] = useState("");
  const [least, setLeast] = useState<string>("debug");
  const stored = useQuery({
    queryKey: ["executions", "logs", executionId, stepId ?? null],
    queryFn: async () => (await getLogs(executionId, stepId)).logs,
  });
  const own = useMemo(() => live.filter((line) => !stepId || line.step_id === stepId), [live, stepId]);
  const lines = useMemo(() => mergeLines(stored.data ?? [], own), [stored.data, own]);
  if (stored.isPending) return <Skeleton lines={4} label="Loading the log" />;
  if (stored.error) return <ErrorState error={stored.error} title="The log could not be loaded" onRetry={() => void stored.refetch()} />;
  if (lines.length === 0) return <p className="quiet">Nothing was logged.</p>;
  const from = levels.findIndex((level) => level === least);
  const wanted = text.toLowerCase();
  const shown = lines.filter((line) => levels.indexOf(line.level) >= from && line.message.toLowerCase().includes(wanted));
  return (
    <div className="stack">
      <div className="row logs-filters">
        <div className="grow">
          <Search label="Search the log" placeholder="Search the log" value={text} onChange={(event) => setText(event.target.value)} />
        </div>
        <SelectField label={<span className="sr-only">Least severe level</span>} value={least} onChange={(event) => setLeast(event.target.value)}
                     options={levels.map((level) => ({ value: level, label: level === "debug" ? "All levels" : `From ${level}` }))} />
      </div>
      {shown.length === 0 ? (
        <p className="quiet">No line matches.</p>
      ) : (
        <ol className="logs" tabIndex={0} aria-label="Log">
          {shown.map((line, index) => (
            <li key={index} data-level={line.level}>
              <time dateTime={line.timestamp}>{new Date(line.timestamp).toLocaleTimeString(undefined, { hour12: false })}</time>
              <span className="logs-level">{line.level}</span>
              {!stepId && <span className="logs-step">{line.step_id}</span>}
              <span className="logs-text">{line.message}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
