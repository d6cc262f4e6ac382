// SPDX-License-Identifier: Apache-2.0
import type { Event } from "@/api/types";
import { StatusBadge } from "@/ui/kit";

const words: Record<string, string> = {
  execution_started: "Started",
  execution_paused: "Paused",
  execution_resumed: "Resumed",
  cancel_requested: "Cancellation asked for",
  execution_ended: "Ended",
  step_started: "Step started",
  step_waiting: "Step waits",
  step_retrying: "Step will be tried again",
  step_progress: "Step reports progress",
  step_ended: "Step ended",
  step_reused: "Step taken over",
  cleanup_started: "Cleaning up",
  cleanup_ended: "Cleaned up",
  late: "Came late",
};

function messageOf(event: Event): string | null {
  const message = event.event_details?.["message"] ?? event.event_details?.["reason"];
  return typeof message === "string" && message ? message : null;
}

/** The history, as it was written down, newest last. */
export function EventList({ events }: { events: readonly Event[] }) {
  if (events.length === 0) return <p className="quiet">Nothing has happened yet.</p>;
  return (
    <ol className="events">
      {events.map((event) => (
        <li key={event.sequence_number}>
          <span className="events-number">{event.sequence_number}</span>
          <time dateTime={event.timestamp}>{new Date(event.timestamp).toLocaleTimeString(undefined, { hour12: false })}</time>
          <span className="grow">
            <span className="row">
              <span>{words[event.record] ?? event.record}</span>
              {event.step_id && <code>{event.step_id}</code>}
              {(event.step_status ?? event.execution_status) && <StatusBadge status={event.step_status ?? event.execution_status ?? ""} />}
            </span>
            {messageOf(event) && <span className="quiet break">{messageOf(event)}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
