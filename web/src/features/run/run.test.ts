// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import { ApiError } from "@/api/errors";
import type { Action, Execution, Step } from "@/api/types";
import { pairSteps, sameJson, slowerBy } from "./compare";
import { mergeLines } from "./lines";
import { initialOf, optionsOf, parametersOf, readParameters } from "./parameters";
import { refusals } from "./refusals";
import { placeOf, ticksOf } from "./scale";

describe("parameters of a run", () => {
  const parameters = parametersOf({
    parameters: [
      { name: "who", type: "string" },
      { name: "count", type: "integer", default: 3 },
      { name: "share", type: "float", required: false },
      { name: "loud", type: "boolean", default: true },
      { name: "tags", type: "array", default: ["a"] },
      { type: "nameless" },
    ],
  });

  test("are what the definition declares, with their defaults", () => {
    expect(parameters.map((item) => [item.name, item.required, initialOf(item)])).toEqual([
      ["who", true, ""], ["count", false, "3"], ["share", false, ""], ["loud", false, true], ["tags", false, '[\n  "a"\n]'],
    ]);
  });

  test("are sent with their own type, and left out where they are empty", () => {
    const { params, errors } = readParameters(parameters, { who: "me", count: " 7 ", share: "", loud: false, tags: "[1]" });
    expect(errors).toEqual({});
    expect(params).toEqual({ who: "me", count: 7, loud: false, tags: [1] });
  });

  test("that name a thing of the platform have the options of what they are handed to", () => {
    const action = (type: string, ...params: [string, string][]) =>
      ({ type, params: params.map(([name, kind]) => ({ name, type: kind })) }) as unknown as Action;
    const actions = [action("look", ["text", "string"], ["at", "model_ref"]), action("use", ["of", "model_ref"], ["on", "cluster_ref"])];
    const of = (type: string, steps: unknown) => {
      const dag = { parameters: [{ name: "m", type }], steps };
      return optionsOf(parametersOf(dag)[0]!, dag, actions);
    };
    expect(of("model_ref", [{ action: "use", params: { of: "{{ params.m }}" } }])).toEqual({ action: "use", param: "of" });
    expect(of("model_ref", [{ action: "use", params: { of: "{{ params.m }}-x", on: "{{params.m}}" } }, null, {}])).toEqual({ action: "look", param: "at" });
    expect(of("cluster_ref", [])).toEqual({ action: "use", param: "on" });
    expect(of("project_ref", [])).toBeUndefined();
    expect(of("string", [{ action: "look", params: { text: "{{ params.m }}" } }])).toBeUndefined();
  });

  test("say which of them cannot be sent", () => {
    const { errors } = readParameters(parameters, { who: " ", count: "1.5", share: "x", tags: '{"a": 1}' });
    expect(Object.keys(errors).sort()).toEqual(["count", "share", "tags", "who"]);
    expect(errors["who"]).toBe("This is required");
  });
});

describe("the time axis", () => {
  test("has round ticks, no more than fit", () => {
    expect(ticksOf(4200, 5)).toEqual([0, 1000, 2000, 3000, 4000]);
    expect(ticksOf(90_000, 4)).toEqual([0, 30_000, 60_000, 90_000]);
  });

  test("keeps what is short visible and inside", () => {
    expect(placeOf(1500, 2000, 1000, 2000)).toEqual({ left: 25, width: 25 });
    const last = placeOf(3000, 3000, 1000, 2000);
    expect(last.left + last.width).toBeLessThanOrEqual(100);
    expect(last.width).toBeGreaterThan(0);
  });
});

describe("two executions", () => {
  const execution = {} as Execution;
  const step = (id: string, more: Partial<Step> = {}) =>
    ({ step_id: id, step_name: id, status: "COMPLETED", error_message: null, retry_count: 0, outputs: {}, start_time: null, end_time: null, ...more }) as Step;

  test("are compared by what steps came to, not by when", () => {
    const pairs = pairSteps(
      { execution, steps: [step("a", { outputs: { x: 1, y: [2] }, start_time: "2026-01-01T00:00:00Z", end_time: "2026-01-01T00:00:02Z" }), step("b")] },
      { execution, steps: [step("a", { outputs: { y: [2], x: 1 }, start_time: "2026-01-01T00:00:00Z", end_time: "2026-01-01T00:00:05Z" }), step("c")] },
    );
    expect(pairs.map((pair) => [pair.id, pair.differs])).toEqual([["a", false], ["b", true], ["c", true]]);
    expect(slowerBy(pairs[0]!)).toBe(3000);
  });

  test("JSON is the same in whatever order its members are, not in another order of a list", () => {
    expect(sameJson({ a: 1, b: null }, { b: null, a: 1 })).toBe(true);
    expect(sameJson([1, 2], [2, 1])).toBe(false);
    expect(sameJson({ 0: "a" }, ["a"])).toBe(false);
    expect(sameJson({ a: undefined }, {})).toBe(false);
  });
});

test("a line that was stored and streamed is shown once", () => {
  const line = (message: string) =>
    ({ execution_id: "x", step_id: "a", attempt: 1, timestamp: "2026-01-01T00:00:00Z", level: "info", message }) as const;
  expect(mergeLines([line("one")], [line("one"), line("two")]).map(({ message }) => message)).toEqual(["one", "two"]);
});

describe("what the service refuses", () => {
  const refused = new ApiError(400, "PARAM_RANGE", "whole", [
    { code: "PARAM_RANGE", message: "too large", pointer: "/pipeline_definition/steps/0/params/a~1b/0" },
    { code: "PARAM_TYPE", message: "said later", pointer: "/pipeline_definition/steps/0/params/a~1b" },
    { code: "UNKNOWN_ACTION", message: "no such action", pointer: "/pipeline_definition/steps/0/action" },
  ], null, null);

  test("stands at the parameter that it is about, the first of each, and the rest apart", () => {
    expect(refusals(refused, "/pipeline_definition/steps/0/params")).toEqual({ byName: { "a/b": "too large" }, rest: "no such action" });
    expect(refusals(refused, "/params").byName).toEqual({});
  });

  test("is told as a whole where it names no place", () => {
    expect(refusals(new ApiError(503, "DOWN", "not now", [], null, null), "/params")).toEqual({ byName: {}, rest: "not now" });
    expect(refusals(new Error("no network"), "/params")).toEqual({ byName: {}, rest: "no network" });
    expect(refusals(null, "/params")).toEqual({ byName: {}, rest: null });
  });
});
