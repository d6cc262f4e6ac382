// SPDX-License-Identifier: Apache-2.0
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import { Link } from "react-router-dom";
import { Icon } from "@/ui/icons/Icon";
import { Hint } from "./Hint";

export type ButtonKind = "plain" | "primary" | "danger" | "ghost";

interface Looks {
  kind?: ButtonKind;
  size?: "s" | "m";
  icon?: string;
}

export interface ButtonProps extends Looks, ButtonHTMLAttributes<HTMLButtonElement> {
  busy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

/** A button with a text. While busy it keeps its size and takes no click. */
export function Button({ kind = "plain", size = "m", icon, busy, children, disabled, ...rest }: ButtonProps) {
  return (
    <button type="button" className="button" data-kind={kind} data-size={size} data-busy={busy || undefined}
            aria-busy={busy || undefined} disabled={disabled || busy} {...rest}>
      {busy ? <Icon name="loader" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  icon: string;
  /** Its name for a screen reader, and the hint. */
  label: string;
  /** Keys that do the same, shown in the hint: "Ctrl+Z". */
  keys?: string;
}

/** A button that is an icon alone. */
export function IconButton({ icon, label, keys, kind = "ghost", size = "m", busy, disabled, ...rest }: IconButtonProps) {
  return (
    <Hint text={label} keys={keys}>
      <button type="button" className="button" data-icon-only="" data-kind={kind} data-size={size} aria-label={label}
              data-busy={busy || undefined} aria-busy={busy || undefined} disabled={disabled || busy} {...rest}>
        <Icon name={busy ? "loader" : icon} />
      </button>
    </Hint>
  );
}

export interface ButtonLinkProps extends Looks {
  to: string;
  children: ReactNode;
}

/** A link that looks like a button. */
export function ButtonLink({ kind = "plain", size = "m", icon, to, children }: ButtonLinkProps) {
  return (
    <Link to={to} className="button" data-kind={kind} data-size={size}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
}
