// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import type { Param } from "@/api/types";
import { complete, insertReference, pathOf } from "./completion";
import { checkParams, checkValue, groupParams, hasTemplate, isVisible, previewed, providerOf, shownValue, startingParams } from "./rules";

const param = (more: Partial<Param> & Pick<Param, "name" | "type">): Param => ({ label: more.name, required: false, ...more }) as Param;

describe("rules of a form", () => {
  test("a required value is demanded only where it is shown", () => {
    const all = [
      param({ name: "mode", type: "select", default: "fast", options: [{ value: "fast", label: "Fast" }, { value: "slow", label: "Slow" }] }),
      param({ name: "limit", type: "number", label: "Limit", required: true, visibleWhen: { param: "mode", equals: "slow" } }),
    ];
    expect(checkParams(all, {})).toEqual({});
    expect(checkParams(all, { mode: "slow" })).toEqual({ limit: "Limit is required" });
    expect(checkParams(all, { mode: "slow", limit: 0 })).toEqual({});
  });

  test("null in a rule of visibility is no rule", () => {
    const shown = param({ name: "a", type: "string", visibleWhen: { param: "b", equals: null, notEquals: "x" } as unknown as Param["visibleWhen"] });
    expect(isVisible(shown, { b: "y" }, [shown])).toBe(true);
    expect(isVisible(shown, { b: "x" }, [shown])).toBe(false);
  });

  test.each([
    [{ type: "number", validation: { min: 1, max: 3 } }, 3, null],
    [{ type: "number", validation: { min: 1, max: 3 } }, 4, "x must be at most 3"],
    [{ type: "number", validation: { min: 1 } }, "{{ params.n }}", null],
    [{ type: "number" }, "4", "x must be a number"],
    [{ type: "string", validation: { maxLength: 2 } }, "😀😀", null],
    [{ type: "string", validation: { minLength: 3 } }, "😀😀", "x must have at least 3 characters"],
    [{ type: "string", validation: { pattern: "^[a-z]+$", patternMessage: "Small letters" } }, "A", "Small letters"],
    [{ type: "string", validation: { pattern: "(?<!" } }, "A", null],
    [{ type: "range", validation: { min: 0, max: 9 } }, [1, 9], null],
    [{ type: "range", validation: { min: 0, max: 9 } }, [3, 2], "x: the first number must not be greater than the second"],
    [{ type: "range" }, [1], "x must be two numbers"],
    [{ type: "multiselect", options: [{ value: "a", label: "A" }] }, ["a", "b"], "x: b is no choice"],
    [{ type: "json" }, { a: 1 }, null],
  ] as const)("%j holds for %j: %j", (rules, value, expected) => {
    expect(checkValue(param({ name: "x", ...(rules as object) } as Param), value)).toBe(expected);
  });

  test("a template is found wherever it stands", () => {
    expect(hasTemplate({ a: ["x", "{{ y }}"] })).toBe(true);
    expect(hasTemplate({ "{{ key }}": 1 })).toBe(false);
  });

  test("what is tried out is what holds a template, and a condition as an expression", () => {
    expect(previewed("plain")).toBeNull();
    expect(previewed({ a: "{{ x }}" })).toEqual({ a: "{{ x }}" });
    expect(previewed("a > 1", true)).toBe("{{ a > 1 }}");
    expect(previewed("{{ a }}", true)).toBe("{{ a }}");
    expect(previewed("  ", true)).toBeNull();
  });

  test.each([
    ["a\nb", "a\nb", "text"],
    [null, "null", "null"],
    [[1, "2"], '[1,"2"]', "list"],
    [{ a: true }, '{"a":true}', "object"],
    [7, "7", "number"],
  ])("%j is shown with its kind", (value, text, kind) => expect(shownValue(value)).toEqual({ text, kind }));

  test("a long value is cut", () => expect(shownValue("x".repeat(5000)).text).toHaveLength(1001));

  test("the provider is what the parameter of that type says, and no template", () => {
    const all = [param({ name: "from", type: "provider_ref" }), param({ name: "model", type: "cloud_model_ref" })];
    expect(providerOf(all, { from: "p-1" })).toBe("p-1");
    expect(providerOf(all, { from: "{{ params.p }}" })).toBeUndefined();
    expect(providerOf([], { from: "p-1" })).toBeUndefined();
  });

  test("a new step starts with the defaults that say something, as copies", () => {
    const all = [param({ name: "a", type: "json", default: { b: 1 } }), param({ name: "c", type: "string", default: "" }), param({ name: "d", type: "boolean", default: false })];
    const start = startingParams(all);
    expect(start).toEqual({ a: { b: 1 }, d: false });
    expect(start["a"]).not.toBe(all[0]!.default);
  });

  test("sections stand in the order of their first parameter, those without one first", () => {
    const all = [param({ name: "a", type: "string", group: "Old" }), param({ name: "b", type: "string" }), param({ name: "c", type: "string", group: "Old" })];
    expect(groupParams(all).map((group) => [group.name, group.params.map((item) => item.name)])).toEqual([[null, ["b"]], ["Old", ["a", "c"]]]);
  });
});

describe("completion in templates", () => {
  const references = ["params.count", "params.who", "steps.fetch.outputs.body", "steps['a-b'].outputs.text"].map((path) => ({ path, about: "" }));
  const offered = (text: string) => complete(text, text.length, references)?.options.map((item) => item.path);

  test("offers what may stand between the braces, and nothing in plain text", () => {
    expect(offered("Hello ")).toBeUndefined();
    expect(offered("{{ ")).toHaveLength(4);
    expect(offered("{{ params.w")).toEqual(["params.who"]);
    expect(offered("{{ a }} and params.")).toBeUndefined();
    expect(offered("{{ 1 if body")).toEqual(["steps.fetch.outputs.body"]);
  });

  test("puts the reference in place of what was typed, and closes the braces once", () => {
    const text = "Hi {{ par";
    const { from } = complete(text, text.length, references)!;
    expect(insertReference(text, text.length, from, "params.who")).toEqual({ text: "Hi {{ params.who }}", cursor: 19 });
    expect(insertReference("{{ x }}!", 4, 3, "params.who")).toEqual({ text: "{{ params.who }}!", cursor: 13 });
  });

  test("names that are no words stand in brackets", () => {
    expect(pathOf("steps", "a-b", "outputs", "it's")).toBe("steps['a-b'].outputs['it\\'s']");
  });
});
