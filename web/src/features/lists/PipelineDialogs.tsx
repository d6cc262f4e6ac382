// SPDX-License-Identifier: Apache-2.0
/** Making pipelines: from nothing, from a file; and deleting one. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { ChangeEvent, DragEvent } from "react";
import { useNavigate } from "react-router-dom";
import { ApiError, explain } from "@/api/errors";
import { createPipeline, deletePipeline, forgetPipelines } from "@/api/pipelines";
import type { Pipeline } from "@/api/types";
import { emptyDag } from "@/features/definition";
import type { Dag } from "@/features/definition";
import { Button, Confirm, Dialog, Notice, TextAreaField, TextField, useToaster } from "@/ui/kit";
import { readDefinition } from "./files";

interface OpenProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

/** What a refusal says, each finding on its own line. */
export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  const { message } = explain(error);
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <Notice tone="bad">
      {problems.length > 1 ? (
        <ul>
          {problems.map((problem) => (
            <li key={`${problem.pointer}${problem.message}`}>
              {problem.message} {problem.pointer && <code>{problem.pointer.replace(/^\/dag(?=\/)/, "")}</code>}
            </li>
          ))}
        </ul>
      ) : (
        message
      )}
    </Notice>
  );
}

function useCreate() {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ dag, name }: { dag: Dag; name: string }) => createPipeline(dag, { name }),
    onSuccess: (pipeline) => {
      void forgetPipelines(client);
      navigate(`/pipelines/${pipeline.id}`);
    },
  });
}

export interface CreateProps extends OpenProps {
  /** What it begins with; undefined: nothing. Its name is a proposal. */
  begin?: Dag;
}

export function CreateDialog({ open, onOpenChange, begin }: CreateProps) {
  const [name, setName] = useState(typeof begin?.["name"] === "string" ? begin["name"] : "");
  const [description, setDescription] = useState("");
  const [asked, setAsked] = useState(false);
  const create = useCreate();
  const missing = asked && !name.trim() ? "A pipeline needs a name." : null;
  const submit = () => {
    setAsked(true);
    if (!name.trim()) return;
    const dag = { ...(begin ?? emptyDag("")), name: name.trim() };
    create.mutate({ name: name.trim(), dag: description.trim() ? { ...dag, description: description.trim() } : dag });
  };
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="New pipeline" onSubmit={submit}
            description={begin ? "It begins with the step of the example." : "It begins as a draft without steps."}
            footer={
              <>
                <Button onClick={() => onOpenChange(false)}>Cancel</Button>
                <Button type="submit" kind="primary" busy={create.isPending}>Create</Button>
              </>
            }>
      <Refusal error={create.error} />
      <TextField label="Name" required value={name} error={missing} maxLength={255} onChange={(event) => setName(event.target.value)} />
      <TextAreaField label="Description" value={description} rows={3} onChange={(event) => setDescription(event.target.value)} />
    </Dialog>
  );
}

export function ImportDialog({ open, onOpenChange }: OpenProps) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const create = useCreate();
  const take = async (file: File | undefined) => {
    if (file) setText(await file.text());
    setFault(null);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    void take(event.dataTransfer.files[0]);
  };
  const submit = () => {
    const { dag, errors } = readDefinition(text);
    const [first] = errors;
    if (!dag) {
      setFault(first ? `Line ${first.line}: ${first.message}` : "There is no definition in it.");
      return;
    }
    setFault(null);
    create.mutate({ dag, name: typeof dag["name"] === "string" ? dag["name"] : "" });
  };
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Import a pipeline" size="l" onSubmit={submit}
            description="A definition as YAML or JSON: choose a file, drop it here, or paste the text."
            footer={
              <>
                <Button onClick={() => onOpenChange(false)}>Cancel</Button>
                <Button type="submit" kind="primary" busy={create.isPending} disabled={!text.trim()}>Import</Button>
              </>
            }>
      <Refusal error={create.error} />
      <div className="row">
        <Button icon="upload" onClick={() => input.current?.click()}>Choose a file</Button>
        <input ref={input} className="sr-only" type="file" accept=".yaml,.yml,.json" tabIndex={-1} aria-label="File with a definition"
               onChange={(event: ChangeEvent<HTMLInputElement>) => void take(event.target.files?.[0])} />
      </div>
      <TextAreaField label="Definition" className="input code-input" rows={14} spellCheck={false} value={text} error={fault}
                     onDrop={drop} onDragOver={(event) => event.preventDefault()} onChange={(event) => setText(event.target.value)} />
    </Dialog>
  );
}

export function DeleteDialog({ pipeline, onDone, onClose }: { pipeline: Pipeline | null; onDone?: () => void; onClose: () => void }) {
  const client = useQueryClient();
  const toaster = useToaster();
  const remove = useMutation({
    mutationFn: (id: string) => deletePipeline(id),
    onSuccess: () => {
      toaster.done(`“${pipeline?.name}” was deleted`);
      void forgetPipelines(client);
      onClose();
      onDone?.();
    },
  });
  return (
    <Confirm open={pipeline !== null} onOpenChange={(open) => !open && onClose()} title={`Delete “${pipeline?.name ?? ""}”?`}
             action="Delete" danger busy={remove.isPending} onConfirm={() => pipeline && remove.mutate(pipeline.id)}>
      <div className="stack">
        <Refusal error={remove.error} />
        <p>All its versions are deleted. Its executions stay. This cannot be taken back.</p>
      </div>
    </Confirm>
  );
}
