// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";
import { Icon } from "@/ui/icons/Icon";

export type Tone = "muted" | "ok" | "info" | "warn" | "bad" | "accent";

export function Badge({ tone = "muted", icon, children }: { tone?: Tone; icon?: string; children: ReactNode }) {
  return (
    <span className="badge" data-tone={tone}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  );
}

/** How each state of steps and executions looks: colour, icon and word, so that colour is never needed. */
export const statusLooks: Record<string, { tone: Tone; icon: string; word: string }> = {
  pending: { tone: "muted", icon: "circle-dashed", word: "Pending" },
  running: { tone: "info", icon: "circle-play", word: "Running" },
  waiting: { tone: "info", icon: "hourglass", word: "Waiting" },
  retrying: { tone: "warn", icon: "rotate-ccw", word: "Retrying" },
  paused: { tone: "warn", icon: "circle-pause", word: "Paused" },
  completed: { tone: "ok", icon: "circle-check", word: "Completed" },
  skipped: { tone: "muted", icon: "skip-forward", word: "Skipped" },
  failed: { tone: "bad", icon: "circle-x", word: "Failed" },
  timeout: { tone: "bad", icon: "alarm-clock", word: "Timed out" },
  cancelled: { tone: "muted", icon: "ban", word: "Cancelled" },
  interrupted: { tone: "warn", icon: "unplug", word: "Interrupted" },
};

/** The looks of a state in any case; an unknown one keeps its own word. */
export function looksOf(status: string): { tone: Tone; icon: string; word: string } {
  return statusLooks[status.toLowerCase()] ?? { tone: "muted", icon: "circle-help", word: status };
}

export function StatusBadge({ status }: { status: string }) {
  const { tone, icon, word } = looksOf(status);
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}
