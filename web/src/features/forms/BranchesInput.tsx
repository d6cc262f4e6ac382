// SPDX-License-Identifier: Apache-2.0
import { Button, Field, IconButton, Notice, SelectField, TextField } from "@/ui/kit";
import { TemplateInput } from "./TemplateInput";
import type { Reference } from "./completion";

export interface Branch {
  id: string;
  label?: string;
  condition?: string;
  target_step?: string | null;
  [other: string]: unknown;
}

export interface Target {
  id: string;
  name: string;
}

export interface BranchesInputProps {
  label: string;
  branches: readonly Branch[];
  targets: readonly Target[];
  references: readonly Reference[];
  /** What the service says of them. */
  error?: string | undefined;
  /** What it says of something inside: "0/condition". */
  errorWithin?: ((path: string) => string | undefined) | undefined;
  onChange: (branches: readonly Branch[]) => void;
}

/** An id that no branch has yet: branch_1, branch_2 ... */
export function freeBranchId(branches: readonly Branch[]): string {
  const taken = new Set(branches.map((branch) => branch.id));
  for (let number = 1; ; number++) if (!taken.has(`branch_${number}`)) return `branch_${number}`;
}

/** Members with a field of their own. */
const shownMembers = ["label", "condition", "target_step"];

/** The branches of a decision, in the order in which they are tried: the first whose condition is true is taken. */
export function BranchesInput({ label, branches, targets, references, error, errorWithin, onChange }: BranchesInputProps) {
  const set = (index: number, change: Partial<Branch>) => onChange(branches.map((branch, at) => (at === index ? { ...branch, ...change } : branch)));
  const move = (index: number, by: number) => {
    const next = [...branches];
    const [branch] = next.splice(index, 1);
    if (branch) next.splice(index + by, 0, branch);
    onChange(next);
  };
  const add = () => {
    const id = freeBranchId(branches);
    onChange([...branches, { id, label: `Branch ${branches.length + 1}`, condition: "true", target_step: null }]);
  };
  const errorOf = (index: number, member: string) => errorWithin?.(`${index}/${member}`);
  const isShownWithin = branches.some((_branch, index) => shownMembers.some((member) => errorOf(index, member)));
  return (
    <fieldset className="branches">
      <legend className="field-label">{label}</legend>
      {error && !isShownWithin && <Notice tone="bad">{error}</Notice>}
      <ol>
        {branches.map((branch, index) => {
          const name = branch.label || branch.id;
          return (
            <li key={branch.id} className="branch">
              <div className="row">
                <span className="branch-number" aria-hidden="true">{index + 1}</span>
                <span className="grow truncate">{name}</span>
                <IconButton icon="arrow-up" size="s" label={`Try ${name} earlier`} disabled={index === 0} onClick={() => move(index, -1)} />
                <IconButton icon="arrow-down" size="s" label={`Try ${name} later`} disabled={index === branches.length - 1} onClick={() => move(index, 1)} />
                <IconButton icon="trash" size="s" label={`Remove ${name}`} disabled={branches.length === 1}
                            onClick={() => onChange(branches.filter((_branch, at) => at !== index))} />
              </div>
              <TextField label="Label" error={errorOf(index, "label")} value={branch.label ?? ""} onChange={(event) => set(index, { label: event.target.value })} />
              <Field label="Condition" help="“true” is always taken: for the last one." error={errorOf(index, "condition")}>
                {(control) => (
                  <TemplateInput control={control} rows={1} condition references={references} value={branch.condition ?? ""}
                                 placeholder="{{ params.count > 3 }}" onChange={(condition) => set(index, { condition })} />
                )}
              </Field>
              <SelectField label="Then goes on with" error={errorOf(index, "target_step")} value={branch.target_step ?? ""}
                           options={[{ value: "", label: "nothing" }, ...targets.map((target) => ({ value: target.id, label: target.name }))]}
                           onChange={(event) => set(index, { target_step: event.target.value || null })} />
            </li>
          );
        })}
      </ol>
      <Button size="s" icon="plus" onClick={add}>
        Add a branch
      </Button>
    </fieldset>
  );
}
