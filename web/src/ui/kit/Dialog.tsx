// SPDX-License-Identifier: Apache-2.0
import { Dialog as Parts } from "radix-ui";
import { useRef } from "react";
import type { FormEvent, ReactNode } from "react";
import { Icon } from "@/ui/icons/Icon";
import { Button } from "./Button";

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  size?: "m" | "l";
  /** A drawer at the side instead of a box in the middle. */
  side?: "right";
  footer?: ReactNode;
  /** Makes the dialog a form: Enter submits. */
  onSubmit?: () => void;
  /** Where the focus goes when it closes, if there is something; else where it was before. */
  focusAfter?: (() => HTMLElement | null) | undefined;
  children?: ReactNode;
}

/** The focus begins in the first field, where there is one, and not on the button that closes. */
function focusFirstField(event: Event) {
  const dialog = event.currentTarget;
  const field = dialog instanceof HTMLElement ? dialog.querySelector<HTMLElement>(".dialog-body :is(input, select, textarea):not([tabindex='-1'], :disabled)") : null;
  if (!field) return;
  event.preventDefault();
  field.focus();
}

/** A field with a list open below it (data-keeps-escape) closes that list alone; it sees the key only after the dialog. */
function leaveEscapeToField(event: KeyboardEvent) {
  if (document.activeElement?.matches("[data-keeps-escape]")) event.preventDefault();
}

/** Where the focus was before, in case what had it is still there: a menu that led here is not, but its button is. */
const focusedNow = (): HTMLElement | null => {
  const focused = document.activeElement;
  const menu = focused?.closest<HTMLElement>("[role=menu]");
  const trigger = menu?.getAttribute("aria-labelledby");
  return trigger ? document.getElementById(trigger) : focused instanceof HTMLElement && focused !== document.body ? focused : null;
};

/** A modal dialog or drawer: keeps the focus, Escape closes, the focus goes back. Keys pressed in it are none of a canvas
 * behind it ("nokey"). */
export function Dialog({ open, onOpenChange, title, description, size, side, footer, onSubmit, focusAfter, children }: DialogProps) {
  const before = useRef<HTMLElement | null>(null);
  const begin = (event: Event) => {
    before.current = focusedNow();
    focusFirstField(event);
  };
  const goBack = (event: Event) => {
    event.preventDefault();
    const place = focusAfter?.() ?? (before.current?.isConnected ? before.current : document.getElementById("main"));
    place?.focus();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    onSubmit?.();
  };
  const inside = (
    <>
      <div className="dialog-body">{children}</div>
      {footer && <div className="dialog-foot">{footer}</div>}
    </>
  );
  return (
    <Parts.Root open={open} onOpenChange={onOpenChange}>
      <Parts.Portal>
        <Parts.Overlay className="overlay" />
        <Parts.Content className="dialog nokey" data-size={size} data-side={side}
                       onOpenAutoFocus={begin} onCloseAutoFocus={goBack} onEscapeKeyDown={leaveEscapeToField}
                       {...(description ? {} : { "aria-describedby": undefined })}>
          <div className="dialog-head">
            <div>
              <Parts.Title asChild>
                <h2>{title}</h2>
              </Parts.Title>
              {description && (
                <Parts.Description asChild>
                  <p>{description}</p>
                </Parts.Description>
              )}
            </div>
            <Parts.Close asChild>
              <button type="button" className="button" data-kind="ghost" data-icon-only="" data-size="s" aria-label="Close">
                <Icon name="x" />
              </button>
            </Parts.Close>
          </div>
          {onSubmit ? (
            <form className="dialog-form" noValidate onSubmit={submit}>
              {inside}
            </form>
          ) : (
            inside
          )}
        </Parts.Content>
      </Parts.Portal>
    </Parts.Root>
  );
}

export interface ConfirmProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  children: ReactNode;
  action: string;
  danger?: boolean;
  busy?: boolean;
  onConfirm: () => void;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ open, onOpenChange, title, children, action, danger, busy, onConfirm }: ConfirmProps) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} onSubmit={onConfirm}
            footer={
              <>
                <Button onClick={() => onOpenChange(false)}>Cancel</Button>
                <Button type="submit" kind={danger ? "danger" : "primary"} busy={busy}>
                  {action}
                </Button>
              </>
            }>
      <div>{children}</div>
    </Dialog>
  );
}

