// SPDX-License-Identifier: Apache-2.0
import { Tooltip } from "radix-ui";
import type { ReactElement } from "react";

export interface HintProps {
  text: string;
  keys?: string | undefined;
  side?: "top" | "right" | "bottom" | "left";
  children: ReactElement;
}

/** A short text on hover and on focus. What it says must be found elsewhere too: touch has no hover. */
export function Hint({ text, keys, side, children }: HintProps) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content className="tooltip" side={side ?? "bottom"} sideOffset={6} collisionPadding={8}>
          {text}
          {keys && <span> ({keys})</span>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
