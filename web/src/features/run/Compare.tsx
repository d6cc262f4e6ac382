// SPDX-License-Identifier: Apache-2.0
/** Which other execution one is compared with: the one that it repeats, or one of the same pipeline. */
import { useState } from "react";
import { Link } from "react-router-dom";
import { useExecution, useExecutions } from "@/api/executions";
import type { Execution } from "@/api/types";
import { Button, Dialog, Duration, ErrorState, Moment, Skeleton, StatusBadge } from "@/ui/kit";

const offered = 20;

function Others({ execution }: { execution: Execution }) {
  const { workflow_id, workflow_name } = execution.pipeline_definition;
  const isStored = workflow_id !== "ephemeral" && workflow_id !== "";
  const { data, error, isPending, refetch } = useExecutions({ page_size: offered + 1, ...(isStored ? { workflow_id } : {}) });
  const repeated = useExecution(execution.retry_of);
  if (isPending || repeated.isLoading) return <Skeleton lines={4} label="Loading the executions" />;
  if (!data) return <ErrorState error={error} title="The executions could not be loaded" onRetry={() => void refetch()} />;
  // Those that were not stored are known by their name alone; a stored pipeline may have had another.
  const isOther = ({ id, pipeline_definition }: Execution) =>
    id !== execution.id && id !== execution.retry_of && (isStored || pipeline_definition.workflow_name === workflow_name);
  const others = [...(repeated.data ? [repeated.data] : []), ...data.executions.filter(isOther)];
  if (others.length === 0) return <p className="quiet">There is no other execution of this pipeline.</p>;
  return (
    <ul className="compare-others">
      {others.map((other) => (
        <li key={other.id}>
          <Link to={`/executions/${other.id}/compare/${execution.id}`}>
            The one of <Moment at={other.start_time ?? other.created_at} />
          </Link>
          <StatusBadge status={other.status} />
          <span className="quiet">
            took <Duration from={other.start_time} to={other.end_time} />
            {other.pipeline_revision !== null && `, version ${other.pipeline_revision}`}
            {other.id === execution.retry_of && ", which this one repeats"}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function Compare({ execution }: { execution: Execution }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button icon="git-compare" onClick={() => setOpen(true)}>
        Compare
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="Compare with" description="Both are shown side by side, step by step."
              footer={<Button onClick={() => setOpen(false)}>Cancel</Button>}>
        <Others execution={execution} />
      </Dialog>
    </>
  );
}
