// SPDX-License-Identifier: Apache-2.0
/** Past executions of the pipeline that is edited: what templates come to is shown in one of them. */
import { useQuery } from "@tanstack/react-query";
import { createContext, useContext, useMemo, useState } from "react";
import type { ReactNode } from "react";
import { executionKeys, getExecution, useExecutions } from "@/api/executions";
import type { Execution } from "@/api/types";
import { findStep } from "@/features/definition";
import type { Dag } from "@/features/definition";
import { PreviewProvider } from "@/features/forms/Preview";
import type { PreviewTarget } from "@/features/forms/Preview";
import { SelectField, looksOf } from "@/ui/kit";
import { formatRelative } from "@/ui/time";

interface Runs {
  list: readonly Execution[];
  /** null: the latest. */
  chosen: string | null;
  choose: (id: string | null) => void;
}

const Context = createContext<Runs>({ list: [], chosen: null, choose: () => undefined });
const offered = 20;

export function PastRuns({ pipelineId, children }: { pipelineId: string; children: ReactNode }) {
  const [chosen, choose] = useState<string | null>(null);
  const { data } = useExecutions({ workflow_id: pipelineId, page_size: offered });
  const runs = useMemo((): Runs => ({ list: data?.executions ?? [], chosen, choose }), [data, chosen]);
  return <Context.Provider value={runs}>{children}</Context.Provider>;
}

/** A step that the execution did not have yet may see all there is in it. */
function useTarget(executionId: string | undefined, stepId: string | null): PreviewTarget | null {
  const { data } = useQuery({
    queryKey: executionKeys.one(executionId ?? ""),
    queryFn: ({ signal }) => getExecution(executionId ?? "", signal),
    enabled: executionId !== undefined,
  });
  const known = stepId !== null && data !== undefined && findStep(data.pipeline_definition.dag as Dag, stepId) !== undefined;
  return useMemo(() => (data ? { executionId: data.id, stepId: known ? stepId : null } : null), [data?.id, known, stepId]);
}

const nameOfRun = (run: Execution) =>
  `${formatRelative(new Date(run.start_time ?? run.created_at).getTime(), Date.now())}, ${looksOf(run.status).word.toLowerCase()}`;

export interface PreviewsProps {
  /** Whose fields they are; null: the pipeline's. */
  stepId: string | null;
  /** Whether there is a template in them. */
  active: boolean;
  children: ReactNode;
}

/** Fields that show what their templates come to, and below them in which execution. */
export function Previews({ stepId, active, children }: PreviewsProps) {
  const { list, chosen, choose } = useContext(Context);
  const latest = list[0];
  const target = useTarget(chosen ?? latest?.id, stepId);
  if (!latest) return children;
  return (
    <PreviewProvider value={target}>
      <div className="stack">
        {children}
        {active && (
          <SelectField label="Values of templates are those of" value={chosen ?? ""} onChange={(event) => choose(event.target.value || null)}
                       options={[
                         { value: "", label: `the latest execution (${nameOfRun(latest)})` },
                         ...list.slice(1).map((run) => ({ value: run.id, label: `the execution ${nameOfRun(run)}` })),
                       ]} />
        )}
      </div>
    </PreviewProvider>
  );
}
