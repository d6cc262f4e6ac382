// SPDX-License-Identifier: Apache-2.0
import { DropdownMenu } from "radix-ui";
import type { ReactElement } from "react";
import { Icon } from "@/ui/icons/Icon";

export interface MenuItem {
  label: string;
  icon?: string;
  danger?: boolean;
  disabled?: boolean;
  onSelect: () => void;
}

export interface MenuProps {
  /** A button. */
  trigger: ReactElement;
  /** "line" separates. */
  items: readonly (MenuItem | "line")[];
  align?: "start" | "end";
}

/** Commands behind a button. */
export function Menu({ trigger, items, align = "end" }: MenuProps) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content className="menu" align={align} sideOffset={4} collisionPadding={8}>
          {items.map((item, index) =>
            item === "line" ? (
              <DropdownMenu.Separator key={index} className="menu-line" />
            ) : (
              <DropdownMenu.Item key={item.label} className="menu-item" data-kind={item.danger ? "danger" : undefined}
                                 disabled={item.disabled ?? false} onSelect={item.onSelect}>
                {item.icon && <Icon name={item.icon} />}
                {item.label}
              </DropdownMenu.Item>
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
