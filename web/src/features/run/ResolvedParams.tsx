// SPDX-License-Identifier: Apache-2.0
import { useQuery } from "@tanstack/react-query";
import { getStepParams } from "@/api/executions";
import { ErrorState, Notice, Skeleton } from "@/ui/kit";
import { Json } from "./Json";

export interface ResolvedParamsProps {
  executionId: string;
  stepId: string;
  /** Asked for again when the step has gone on. */
  status: string;
}

/** What the templates in a step's parameters came to. */
export function ResolvedParams({ executionId, stepId, status }: ResolvedParamsProps) {
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ["executions", "params", executionId, stepId, status],
    queryFn: () => getStepParams(executionId, stepId),
  });
  if (isPending) return <Skeleton lines={3} label="Resolving the parameters" />;
  if (error) return <ErrorState error={error} title="The parameters could not be resolved" onRetry={() => void refetch()} />;
  if (data.error)
    return (
      <Notice tone="bad">
        <code>{data.error.code}</code> {data.error.message}
      </Notice>
    );
  if (!data.runs) return <p className="quiet">Its condition is false, so it has none.</p>;
  return <Json label="Parameters" value={data.params ?? {}} />;
}
