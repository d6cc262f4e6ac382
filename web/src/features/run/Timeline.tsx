// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "react";
import { StatusBadge, looksOf, useNow } from "@/ui/kit";
import { formatDuration } from "@/ui/time";
import type { Attempt, Live, ShownStep } from "./live";
import { placeOf, ticksOf } from "./scale";

const at = (time: string): number => Date.parse(time);

interface Axis {
  start: number;
  lengthMs: number;
  now: number;
}

function describe(attempt: Attempt, now: number): string {
  const state = attempt.end ?? (attempt.waitsSince ? "waiting" : "running");
  const took = formatDuration((attempt.to ? at(attempt.to) : now) - at(attempt.from));
  return [`Attempt ${attempt.number}: ${looksOf(state).word.toLowerCase()}`, took, attempt.message].filter(Boolean).join(" · ");
}

function Bar({ attempt, axis }: { attempt: Attempt; axis: Axis }) {
  const state = attempt.end ?? (attempt.waitsSince ? "waiting" : "running");
  const end = attempt.to ? at(attempt.to) : axis.now;
  const { left, width } = placeOf(at(attempt.from), end, axis.start, axis.lengthMs);
  const text = describe(attempt, axis.now);
  return (
    <span className="timeline-bar" data-tone={looksOf(state).tone} data-open={attempt.to ? undefined : ""} title={text}
          style={{ left: `${left}%`, width: `${width}%` }}>
      <span className="sr-only">{text}. </span>
    </span>
  );
}

function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 800));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

export interface TimelineProps {
  live: Live;
  steps: readonly ShownStep[];
  selected: string | null;
  onSelect: (stepId: string) => void;
}

/** Every attempt of every step over time: what ran beside what, what waited, what was tried again. */
export function Timeline({ live, steps, selected, onSelect }: TimelineProps) {
  const { ref, width } = useWidth();
  const now = useNow(500, live.endedAt === null);
  if (!live.startedAt) return <p className="quiet card-body">Nothing has started yet.</p>;
  const start = at(live.startedAt);
  const end = live.endedAt ? at(live.endedAt) : now;
  const axis: Axis = { start, lengthMs: Math.max(1, end - start), now: end };
  return (
    <div className="timeline">
      <div className="timeline-row timeline-head">
        <span />
        <div className="timeline-axis" ref={ref} aria-hidden="true">
          {ticksOf(axis.lengthMs, Math.max(2, width / 90)).map((tick) => (
            <span key={tick} data-late={tick > axis.lengthMs * 0.92 || undefined} style={{ left: `${(tick / axis.lengthMs) * 100}%` }}>
              {tick === 0 ? "0" : formatDuration(tick)}
            </span>
          ))}
        </div>
      </div>
      <ol>
        {steps.map((step) => (
          <li key={step.id}>
            <button type="button" className="timeline-row" aria-pressed={selected === step.id} onClick={() => onSelect(step.id)}>
              <span className="timeline-name">
                <span className="truncate grow">{step.name}</span>
                <StatusBadge status={step.status} />
              </span>
              <span className="timeline-track">
                {step.attempts.map((attempt) => (
                  <Bar key={`${attempt.number}-${attempt.from}`} attempt={attempt} axis={axis} />
                ))}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}
