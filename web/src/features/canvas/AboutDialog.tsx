// SPDX-License-Identifier: Apache-2.0
import { ActionPage } from "@/features/catalogue/ActionPage";
import type { Action } from "@/api/types";
import { Button, Dialog } from "@/ui/kit";

export interface AboutDialogProps {
  action: Action;
  onClose: () => void;
  /** An example as a step. */
  onAdd: (params: Readonly<Record<string, unknown>>) => void;
}

/** What the catalogue says of an action, beside the pipeline that one is at. */
export function AboutDialog({ action, onClose, onAdd }: AboutDialogProps) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title={`About ${action.name}`} side="right" footer={<Button onClick={onClose}>Close</Button>}>
      <ActionPage action={action} isPart commandsOf={(example) => (
        <Button size="s" icon="plus" disabled={Boolean(action.unavailable)} onClick={() => onAdd(example.params)}>
          Add as a step
        </Button>
      )} />
    </Dialog>
  );
}
