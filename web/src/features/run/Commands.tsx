// SPDX-License-Identifier: Apache-2.0
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router-dom";
import { cancelExecution, deleteExecution, executionKeys, pauseExecution, resumeExecution, retryExecution } from "@/api/executions";
import { Button, Confirm, useToaster } from "@/ui/kit";
import { isFinal } from "./live";

/** Starts a new execution that repeats this one, and goes there. */
export function useRetry(id: string) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const toaster = useToaster();
  return useMutation({
    mutationFn: (fromStep: string | undefined) => retryExecution(id, fromStep),
    onSuccess: (started) => {
      void client.invalidateQueries({ queryKey: executionKeys.all });
      toaster.done("Started again, as a new execution");
      void navigate(`/executions/${started.execution_id}`);
    },
    onError: (error) => toaster.failed("It could not be started again", error),
  });
}

function useCommand(what: string, run: () => Promise<unknown>) {
  const client = useQueryClient();
  const toaster = useToaster();
  return useMutation({
    mutationFn: run,
    onSuccess: () => client.invalidateQueries({ queryKey: executionKeys.all }),
    onError: (error) => toaster.failed(what, error),
  });
}

function Delete({ id }: { id: string }) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const remove = useCommand("It could not be deleted", () => deleteExecution(id));
  const confirm = () => remove.mutate(undefined, { onSuccess: () => void navigate("/executions", { replace: true }) });
  return (
    <>
      <Button icon="trash" onClick={() => setAsking(true)}>
        Delete
      </Button>
      <Confirm open={asking} onOpenChange={setAsking} title="Delete this execution?" action="Delete" danger busy={remove.isPending} onConfirm={confirm}>
        Its history, outputs and log are gone for good.
      </Confirm>
    </>
  );
}

function Cancel({ id }: { id: string }) {
  const [asking, setAsking] = useState(false);
  const cancel = useCommand("It could not be cancelled", () => cancelExecution(id, "cancelled in the editor"));
  const confirm = () => cancel.mutate(undefined, { onSettled: () => setAsking(false) });
  return (
    <>
      <Button icon="ban" onClick={() => setAsking(true)}>
        Cancel
      </Button>
      <Confirm open={asking} onOpenChange={setAsking} title="Cancel this execution?" action="Cancel the execution" danger busy={cancel.isPending} onConfirm={confirm}>
        Steps that run are told to stop, waits end, and what has not started is skipped. It can be run again afterwards.
      </Confirm>
    </>
  );
}

/** What can be done to an execution in its state. */
export function Commands({ id, status }: { id: string; status: string }) {
  const retry = useRetry(id);
  const pause = useCommand("It could not be paused", () => pauseExecution(id));
  const resume = useCommand("It could not be resumed", () => resumeExecution(id));
  if (isFinal(status))
    return (
      <>
        <Button icon="rotate-ccw" busy={retry.isPending} disabled={status === "COMPLETED"} onClick={() => retry.mutate(undefined)}
                title={status === "COMPLETED" ? "Every step completed: choose a step to retry from" : undefined}>
          Retry
        </Button>
        <Delete id={id} />
      </>
    );
  return (
    <>
      {status === "PAUSED" ? (
        <Button icon="play" busy={resume.isPending} onClick={() => resume.mutate()}>
          Resume
        </Button>
      ) : (
        <Button icon="pause" busy={pause.isPending} onClick={() => pause.mutate()}>
          Pause
        </Button>
      )}
      <Cancel id={id} />
    </>
  );
}
