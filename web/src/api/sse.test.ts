// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { EventParser, backoff, openStream } from "./sse";
import type { StreamEvent, StreamState } from "./sse";

// The examples of the HTML standard, section 9.2.6.
describe("events in a stream", () => {
  const parse = (...pieces: string[]) => {
    const parser = new EventParser();
    return pieces.flatMap((piece) => parser.push(piece));
  };

  it("joins lines of data", () => {
    expect(parse("data: YHOO\ndata: +2\ndata: 10\n\n")).toEqual([{ id: null, event: "message", data: "YHOO\n+2\n10" }]);
  });

  it("leaves comments out and keeps the last id", () => {
    const events = parse(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n");
    expect(events.map((event) => event.data)).toEqual(["first event", "second event", " third event"]);
    expect(events.map((event) => event.id)).toEqual(["1", "", ""]);
  });

  it("takes data without a value, and drops what is not complete", () => {
    expect(parse("data\n\ndata\ndata\n\ndata:").map((event) => event.data)).toEqual(["", "\n"]);
  });

  it("reads the same however the text is cut", () => {
    const text = "id: 7\r\nevent: step_started\r\ndata: {\"a\": 1}\r\n\r\n: ping\r\n\r\nid: 8\ndata: b\n\n";
    const whole = parse(text);
    expect(whole.map((event) => [event.id, event.event])).toEqual([["7", "step_started"], ["8", "message"]]);
    expect(parse(...text)).toEqual(whole);
  });
});

describe("a stream that breaks", () => {
  const body = (text: string) => new Response(text, { headers: { "Content-Type": "text/event-stream" } });

  /** Opens a stream over answers that come one after another. @return what was seen, once it has ended. */
  const follow = (answers: (Response | Error)[]) =>
    new Promise<{ events: StreamEvent[]; states: StreamState[]; asked: (string | null)[] }>((resolve) => {
      const seen = { events: [] as StreamEvent[], states: [] as StreamState[], asked: [] as (string | null)[] };
      globalThis.sessionStorage ??= { getItem: () => null } as unknown as Storage;
      openStream("/executions/1/stream", {
        endsWith: "end",
        pause: async () => undefined,
        fetcher: async (_url, init) => {
          seen.asked.push(new Headers(init?.headers).get("Last-Event-ID"));
          const answer = answers.shift();
          if (answer instanceof Error || !answer) throw answer ?? new Error("asked too often");
          return answer;
        },
        onEvent: (event) => seen.events.push(event),
        onState: (state) => {
          seen.states.push(state);
          if (state === "ended" || state === "refused") resolve(seen);
        },
      });
    });

  it("is opened again behind the last event", async () => {
    const { events, asked, states } = await follow([
      body("id: 1\ndata: a\n\nid: 2\ndata: b\n\n"),
      new TypeError("the network is down"),
      new Response("{}", { status: 503 }),
      body("id: 3\ndata: c\n\nid: 4\nevent: end\ndata: {}\n\n"),
    ]);
    expect(events.map((event) => event.data)).toEqual(["a", "b", "c", "{}"]);
    expect(asked).toEqual([null, "2", "2", "2"]);
    expect(states.at(-1)).toBe("ended");
  });

  it("is not opened again when the service refuses", async () => {
    const { asked, states } = await follow([new Response("{}", { status: 404 })]);
    expect(asked).toHaveLength(1);
    expect(states).toEqual(["connecting", "refused"]);
  });

  it("waits longer each time, up to a limit", () => {
    const pauses = [0, 1, 2, 3, 10].map((attempt) => backoff(attempt, () => 0));
    expect(pauses).toEqual([500, 1000, 2000, 4000, 15_000]);
    expect(backoff(0, () => 1)).toBe(625);
  });
});
