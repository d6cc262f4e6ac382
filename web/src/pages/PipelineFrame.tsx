// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import { NavLink, Outlet, useNavigate, useOutletContext, useParams } from "react-router-dom";
import { usePageTitle } from "@/app/title";
import { usePipeline } from "@/api/pipelines";
import type { Pipeline } from "@/api/types";
import { isObject } from "@/features/definition";
import { DeleteDialog } from "@/features/lists/PipelineDialogs";
import { PipelineStatus } from "@/features/lists/PipelineTable";
import { download } from "@/features/lists/files";
import { Icon } from "@/ui/icons/Icon";
import { ErrorState, IconButton, Menu, Skeleton } from "@/ui/kit";

export interface FramedPipeline {
  pipeline: Pipeline;
  /** Of what was read: saving needs it. */
  etag: string | null;
}

/** The pipeline that the frame has loaded, for the pages in it. */
export const useFramedPipeline = () => useOutletContext<FramedPipeline>();

function Head({ pipeline }: { pipeline: Pipeline }) {
  const navigate = useNavigate();
  const [doomed, setDoomed] = useState(false);
  const { dag } = pipeline;
  const save = (format: "yaml" | "json") => isObject(dag) && download(pipeline.name, dag, format);
  return (
    <header className="frame-head">
      <NavLink to="/pipelines" className="button" data-kind="ghost" data-icon-only="" aria-label="All pipelines">
        <Icon name="arrow-left" />
      </NavLink>
      <span className="pipeline-mark">
        <Icon name={pipeline.icon} fallback="workflow" />
      </span>
      <div className="frame-name">
        <h1 className="truncate" title={pipeline.name}>{pipeline.name}</h1>
        <PipelineStatus status={pipeline.status} />
        <span className="quiet nowrap">version {pipeline.version}</span>
      </div>
      <nav className="frame-tabs" aria-label={`Pages of ${pipeline.name}`}>
        {frameTabs.map((tab) => (
          <NavLink key={tab.to} to={tab.to} className="tab">{tab.label}</NavLink>
        ))}
      </nav>
      <Menu trigger={<IconButton icon="ellipsis" label="More commands" />}
            items={[
              { label: "Export as YAML", icon: "download", onSelect: () => save("yaml") },
              { label: "Export as JSON", icon: "download", onSelect: () => save("json") },
              "line",
              { label: "Delete", icon: "trash", danger: true, onSelect: () => setDoomed(true) },
            ]} />
      <DeleteDialog pipeline={doomed ? pipeline : null} onClose={() => setDoomed(false)} onDone={() => navigate("/pipelines")} />
    </header>
  );
}

const frameTabs = [
  { to: "edit", label: "Editor" },
  { to: "executions", label: "Executions" },
  { to: "versions", label: "Versions" },
] as const;

export function Component() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = usePipeline(id);
  usePageTitle(data?.data.name ?? "Pipeline");
  if (isPending)
    return (
      <div className="page">
        <Skeleton lines={8} label="Loading the pipeline" />
      </div>
    );
  if (!data) return <ErrorState whole error={error} title="The pipeline could not be loaded" onRetry={() => void refetch()} />;
  const framed: FramedPipeline = { pipeline: data.data, etag: data.etag };
  return (
    <div className="frame">
      <Head pipeline={data.data} />
      <Outlet context={framed} />
    </div>
  );
}
