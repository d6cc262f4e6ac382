// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";
import { formatDuration, formatRelative } from "@/ui/time";

/** The time now, told again each `everyMs`. */
export function useNow(everyMs: number, active = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, active]);
  return now;
}

/** A moment, relative to now; the exact time on hover. */
export function Moment({ at }: { at: string | null | undefined }) {
  const now = useNow(15_000, Boolean(at));
  if (!at) return <span className="quiet">–</span>;
  const date = new Date(at);
  return (
    <time dateTime={at} title={date.toLocaleString()} className="nowrap">
      {formatRelative(date.getTime(), now)}
    </time>
  );
}

/** From one moment to another, or until now: then it counts. */
export function Duration({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  const now = useNow(1000, Boolean(from) && !to);
  if (!from) return <span className="quiet">–</span>;
  const end = to ? new Date(to).getTime() : now;
  return <span className="nowrap">{formatDuration(end - new Date(from).getTime())}</span>;
}
