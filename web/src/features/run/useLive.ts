// SPDX-License-Identifier: Apache-2.0
/** Follows an execution over its event stream, and asks the service again for what events do not carry: outputs. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer, useRef, useState } from "react";
import { executionKeys } from "@/api/executions";
import { openStream } from "@/api/sse";
import type { StreamEvent, StreamState } from "@/api/sse";
import type { Event } from "@/api/types";
import { fold, nothingYet } from "./live";
import type { Live } from "./live";
import type { LogLine } from "./lines";

/** Lines that come live are kept up to this many; all of them are found in the log itself. */
const keptLines = 2000;
const refreshAfterMs = 250;

interface Feed {
  live: Live;
  lines: readonly LogLine[];
}

type Piece = { events: readonly Event[]; lines: readonly LogLine[] } | "again";

const empty: Feed = { live: nothingYet, lines: [] };

function take(feed: Feed, piece: Piece): Feed {
  if (piece === "again") return empty;
  return {
    live: fold(feed.live, piece.events),
    lines: piece.lines.length ? [...feed.lines, ...piece.lines].slice(-keptLines) : feed.lines,
  };
}

/** Events come in bursts: they are taken together, once a frame. */
class Collector {
  private events: Event[] = [];
  private lines: LogLine[] = [];
  private frame = 0;

  constructor(private readonly deliver: (piece: Piece) => void) {}

  add(event: StreamEvent): void {
    if (event.event === "end") return;
    const data: unknown = JSON.parse(event.data);
    if (event.event === "log") this.lines.push(data as LogLine);
    else this.events.push(data as Event);
    this.frame ||= requestAnimationFrame(() => this.flush());
  }

  private flush(): void {
    const { events, lines } = this;
    this.frame = 0;
    this.events = [];
    this.lines = [];
    this.deliver({ events, lines });
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
  }
}

export interface Following extends Feed {
  stream: StreamState;
  error: unknown;
}

/** The execution as it lives. Outputs and the execution's own end are fetched when events say that they have changed. */
export function useLive(id: string): Following {
  const client = useQueryClient();
  const [feed, dispatch] = useReducer(take, empty);
  const [state, setState] = useState<{ stream: StreamState; error: unknown }>({ stream: "connecting", error: null });
  const refresh = useRef(0);

  useEffect(() => {
    dispatch("again");
    const collector = new Collector((piece) => {
      dispatch(piece);
      if (piece === "again" || piece.events.length === 0) return;
      clearTimeout(refresh.current);
      refresh.current = window.setTimeout(() => {
        void client.invalidateQueries({ queryKey: executionKeys.one(id) });
        void client.invalidateQueries({ queryKey: executionKeys.steps(id) });
      }, refreshAfterMs);
    });
    const close = openStream(`/executions/${encodeURIComponent(id)}/stream?logs=true`, {
      onEvent: (event) => collector.add(event),
      onState: (stream, error) => setState({ stream, error: error ?? null }),
      endsWith: "end",
    });
    return () => {
      close();
      collector.stop();
      clearTimeout(refresh.current);
    };
  }, [client, id]);

  return { ...feed, ...state };
}
