// SPDX-License-Identifier: Apache-2.0
import { Versions } from "@/features/lists/Versions";
import { useFramedPipeline } from "./PipelineFrame";

export function Component() {
  const { pipeline } = useFramedPipeline();
  return (
    <div className="page">
      <Versions id={pipeline.id} />
    </div>
  );
}
