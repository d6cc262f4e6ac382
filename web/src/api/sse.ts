// SPDX-License-Identifier: Apache-2.0
/**
 * Server-Sent Events over fetch, so that the token goes along (EventSource cannot send headers). A stream that breaks
 * is opened again behind the last event that was seen, with growing pauses.
 */
import { prefix } from "@/app/prefix";
import { authorization } from "./client";
import { ApiError, errorOf } from "./errors";
import { demandToken } from "./token";

export interface StreamEvent {
  id: string | null;
  event: string;
  data: string;
}

/** Cuts a text that comes in pieces into events. What comes before the first id belongs to no id. */
export class EventParser {
  private rest = "";
  private id: string | null = null;
  private event = "";
  private data: string[] = [];

  /** The events that are complete with this piece. */
  push(piece: string): StreamEvent[] {
    const lines = (this.rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.take(line));
  }

  private take(line: string): StreamEvent[] {
    if (line === "") return this.complete();
    const colon = line.indexOf(":");
    if (colon === 0) return [];
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
    return [];
  }

  private complete(): StreamEvent[] {
    const { data, event } = this;
    this.data = [];
    this.event = "";
    return data.length ? [{ id: this.id, event: event || "message", data: data.join("\n") }] : [];
  }
}

export type StreamState = "connecting" | "open" | "waiting" | "ended" | "refused";

export interface StreamOptions {
  onEvent: (event: StreamEvent) => void;
  onState?: (state: StreamState, error?: unknown) => void;
  lastEventId?: string | null;
  /** Name of the event after which nothing more comes. */
  endsWith?: string;
  /** For tests. */
  fetcher?: typeof fetch;
  pause?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const firstPauseMs = 500;
const longestPauseMs = 15_000;

/** The pause before the n-th attempt in a row (from 0): doubled each time, with up to a quarter more by chance. */
export function backoff(attempt: number, random = Math.random): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** attempt) * (1 + random() / 4);
}

function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Opens a stream and keeps it open until its end event, a refusal, or the returned function is called. */
export function openStream(path: string, options: StreamOptions): () => void {
  const { onEvent, onState, endsWith, fetcher = fetch, pause = pauseFor } = options;
  const abort = new AbortController();
  let lastId = options.lastEventId ?? null;
  let attempt = 0;
  let ended = false;

  const once = async () => {
    const answer = await fetcher(prefix + path, {
      headers: { Accept: "text/event-stream", ...authorization(), ...(lastId ? { "Last-Event-ID": lastId } : {}) },
      signal: abort.signal,
    });
    if (answer.status === 401) demandToken();
    if (!answer.ok || !answer.body) throw errorOf(answer, await answer.json().catch(() => null));
    onState?.("open");
    const parser = new EventParser();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      attempt = 0;
      for (const event of parser.push(value)) {
        if (event.id !== null) lastId = event.id;
        onEvent(event);
        if (event.event === endsWith) ended = true;
      }
      if (ended) {
        await reader.cancel();
        return;
      }
    }
  };

  const isFinal = (error: unknown) => error instanceof ApiError && error.status < 500 && error.status !== 429;

  const run = async () => {
    while (!abort.signal.aborted && !ended) {
      onState?.("connecting");
      try {
        await once();
      } catch (error) {
        if (abort.signal.aborted) return;
        if (isFinal(error)) {
          onState?.("refused", error);
          return;
        }
      }
      if (ended || abort.signal.aborted) break;
      onState?.("waiting");
      await pause(backoff(attempt++), abort.signal);
    }
    if (ended) onState?.("ended");
  };

  void run();
  return () => abort.abort();
}
