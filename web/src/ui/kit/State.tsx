// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";
import { explain } from "@/api/errors";
import { Icon } from "@/ui/icons/Icon";
import { Button } from "./Button";

export interface StateProps {
  icon: string;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
  tone?: "bad";
  /** Where it stands for the whole page. */
  whole?: boolean;
}

/** What is shown where nothing else is: empty lists, things that are not there. */
export function State({ icon, title, children, actions, tone, whole }: StateProps) {
  const Heading = whole ? "h1" : "h2";
  return (
    <div className="state" data-tone={tone} role={tone === "bad" ? "alert" : undefined}>
      <span className="state-icon">
        <Icon name={icon} />
      </span>
      <Heading className="state-title">{title}</Heading>
      {children && <p>{children}</p>}
      {actions && <div className="state-actions">{actions}</div>}
    </div>
  );
}

export interface ErrorStateProps {
  error: unknown;
  title?: string;
  onRetry?: () => void;
  whole?: boolean;
}

/** A page or list that could not be loaded: why, and again. */
export function ErrorState({ error, title, onRetry, whole }: ErrorStateProps) {
  const { heading, message } = explain(error);
  return (
    <State icon="triangle-alert" tone="bad" whole={whole ?? false} title={title ?? heading}
           actions={onRetry && <Button icon="refresh" onClick={onRetry}>Try again</Button>}>
      {message}
    </State>
  );
}

/** Grey lines that stand for what is being loaded. */
export function Skeleton({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className="stack" role="status" aria-label={label}>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="skeleton" style={{ width: `${92 - ((index * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** A message that belongs to what is around it. */
export function Notice({ tone = "info", children }: { tone?: "info" | "warn" | "bad"; children: ReactNode }) {
  const icons = { info: "info", warn: "triangle-alert", bad: "circle-alert" };
  return (
    <div className="notice" data-tone={tone} role={tone === "bad" ? "alert" : "note"}>
      <Icon name={icons[tone]} />
      <div className="grow">{children}</div>
    </div>
  );
}
