// SPDX-License-Identifier: Apache-2.0
import { Icon } from "@/ui/icons/Icon";
import "./catalogue.css";

export interface ActionIconProps {
  icon: string | null | undefined;
  /** Any colour of CSS; the metadata's. */
  color: string | null | undefined;
  size?: "s" | "m" | "l";
}

const sane = /^(#[0-9a-f]{3,8}|[a-z]+)$/i;

/** The icon of an action on its colour. The colour is decoration: the name always stands beside it. */
export function ActionIcon({ icon, color, size = "m" }: ActionIconProps) {
  const safe = color && sane.test(color) ? color : "#8c8c8c";
  return (
    <span className="action-icon" data-size={size} style={{ "--action": safe } as React.CSSProperties}>
      <Icon name={icon} />
    </span>
  );
}
