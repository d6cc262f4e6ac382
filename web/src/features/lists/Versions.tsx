// SPDX-License-Identifier: Apache-2.0
/** The versions of a pipeline: what changed from one to another, and going back to one. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { forgetPipelines, getDiff, getVersion, restoreVersion, useVersions } from "@/api/pipelines";
import type { PipelineDiff, PipelineRevision } from "@/api/types";
import { isObject, toText } from "@/features/definition";
import { Badge, Button, Confirm, ErrorState, Moment, SelectField, Skeleton, State, useToaster } from "@/ui/kit";
import { download } from "./files";

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value, null, 2) ?? "");
const words: Record<string, string> = { add: "added", remove: "removed", replace: "changed", added: "added", removed: "removed", changed: "changed" };
const tones = { add: "ok", remove: "bad", replace: "info", added: "ok", removed: "bad", changed: "info" } as const;

function Changes({ diff }: { diff: PipelineDiff }) {
  if (diff.changes.length === 0)
    return <State icon="check" title="No difference">Both versions say the same.</State>;
  return (
    <div className="diff">
      <p className="row row-wrap" aria-label="Steps that differ">
        {diff.steps.map((step) => (
          <Badge key={step.id} tone={tones[step.change]}>
            {step.id} {words[step.change]}
            {step.fields.length > 0 && `: ${step.fields.join(", ")}`}
          </Badge>
        ))}
        {diff.fields.map((field) => (
          <Badge key={field} tone="accent">{field}</Badge>
        ))}
      </p>
      <ul className="diff">
        {diff.changes.map((change, index) => (
          <li key={`${change.path} ${index}`} className="diff-change">
            <div className="row">
              <code className="grow">{change.path || "/"}</code>
              <Badge tone={tones[change.op]}>{words[change.op]}</Badge>
            </div>
            {change.old !== undefined && <pre className="diff-old"><span className="sr-only">Before: </span>{textOf(change.old)}</pre>}
            {change.value !== undefined && <pre className="diff-new"><span className="sr-only">After: </span>{textOf(change.value)}</pre>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Definition({ id, version }: { id: string; version: string }) {
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["pipelines", id, "version", version], queryFn: () => getVersion(id, version), staleTime: Infinity });
  if (isPending) return <Skeleton lines={8} label="Loading the definition" />;
  if (!data) return <ErrorState error={error} onRetry={() => void refetch()} />;
  const { dag } = data;
  if (!isObject(dag)) return null;
  return (
    <div className="stack">
      <div className="row">
        <span className="grow" />
        <Button size="s" icon="download" onClick={() => download(`${data.name} v${version}`, dag, "yaml")}>YAML</Button>
        <Button size="s" icon="download" onClick={() => download(`${data.name} v${version}`, dag, "json")}>JSON</Button>
      </div>
      <pre className="code-block" tabIndex={0} aria-label={`Definition of version ${version}`}>{toText(dag, "yaml")}</pre>
    </div>
  );
}

function Difference({ id, from, to }: { id: string; from: string; to: string }) {
  const { data, error, isPending, refetch } = useQuery({ queryKey: ["pipelines", id, "diff", from, to], queryFn: () => getDiff(id, from, to), staleTime: Infinity });
  if (isPending) return <Skeleton lines={5} label="Comparing" />;
  if (!data) return <ErrorState error={error} onRetry={() => void refetch()} />;
  return <Changes diff={data} />;
}

function Restore({ id, version, onClose }: { id: string; version: PipelineRevision; onClose: () => void }) {
  const client = useQueryClient();
  const toaster = useToaster();
  const restore = useMutation({
    mutationFn: () => restoreVersion(id, version.version),
    onSuccess: async (pipeline) => {
      await forgetPipelines(client);
      toaster.done(`Version ${version.version} is back, as version ${pipeline.version}`);
      onClose();
    },
    onError: (error) => toaster.failed("It could not be restored", error),
  });
  return (
    <Confirm open onOpenChange={onClose} title={`Restore version ${version.version}?`} action="Restore" busy={restore.isPending} onConfirm={() => restore.mutate()}>
      Its definition is saved once more, as a new version. Nothing is lost: the versions in between stay.
    </Confirm>
  );
}

export function Versions({ id }: { id: string }) {
  const { data, error, isPending, refetch } = useVersions(id);
  const [chosen, setChosen] = useState<string | null>(null);
  const [against, setAgainst] = useState<string | null>(null);
  const [restoring, setRestoring] = useState<PipelineRevision | null>(null);
  if (isPending) return <Skeleton lines={6} label="Loading the versions" />;
  if (!data) return <ErrorState error={error} title="The versions could not be loaded" onRetry={() => void refetch()} />;
  const shown = chosen ?? data[0]?.version ?? "1";
  const previous = data[data.findIndex((version) => version.version === shown) + 1]?.version;
  const base = against ?? previous ?? "";
  return (
    <div className="versions">
      <div className="card table-wrap">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Saved</th>
              <th scope="col" className="number">Steps</th>
              <th scope="col"><span className="sr-only">Commands</span></th>
            </tr>
          </thead>
          <tbody>
            {data.map((version, index) => (
              <tr key={version.version}>
                <td>
                  <div className="row row-wrap">
                    <strong>{version.version}</strong>
                    {index === 0 && <Badge tone="accent">current</Badge>}
                    {version.restored_from !== null && <Badge>from {version.restored_from}</Badge>}
                  </div>
                </td>
                <td>
                  <Moment at={version.saved_at} />
                  {version.saved_by && <div className="quiet">{version.saved_by}</div>}
                </td>
                <td className="number">{version.step_count}</td>
                <td className="actions">
                  <Button size="s" aria-label={`Show version ${version.version}`} aria-pressed={version.version === shown} onClick={() => { setChosen(version.version); setAgainst(null); }}>Show</Button>{" "}
                  {index > 0 && <Button size="s" icon="history" aria-label={`Restore version ${version.version}`} onClick={() => setRestoring(version)}>Restore</Button>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <section className="card card-body stack" aria-label={`Version ${shown}`}>
        <div className="row row-wrap">
          <h2 className="grow">Version {shown}</h2>
          {data.length > 1 && (
            <SelectField label="Compared with" value={base} onChange={(event) => setAgainst(event.target.value)}
                         options={[{ value: "", label: "Nothing: its definition" }, ...data.filter((version) => version.version !== shown).map((version) => ({ value: version.version, label: `Version ${version.version}` }))]} />
          )}
        </div>
        {base ? <Difference id={id} from={base} to={shown} /> : <Definition id={id} version={shown} />}
      </section>
      {restoring && <Restore id={id} version={restoring} onClose={() => setRestoring(null)} />}
    </div>
  );
}
