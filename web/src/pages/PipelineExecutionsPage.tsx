// SPDX-License-Identifier: Apache-2.0
import { ExecutionList } from "@/features/lists/ExecutionList";
import { useFramedPipeline } from "./PipelineFrame";

export function Component() {
  const { pipeline } = useFramedPipeline();
  return (
    <div className="page">
      <ExecutionList pipelineId={pipeline.id} />
    </div>
  );
}
