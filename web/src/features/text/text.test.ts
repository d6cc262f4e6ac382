// SPDX-License-Identifier: Apache-2.0
import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import { describe, expect, test } from "vitest";
import type { Action } from "@/api/types";
import { actionAround, completeDefinition, parentsOf } from "./completion";

const byType = new Map([
  ["fetch", { type: "fetch", name: "Fetch", description: "Fetches", params: [{ name: "url", type: "string", label: "URL" }, { name: "method", type: "select", label: "Method" }] } as unknown as Action],
]);

/** What is offered where `|` stands. */
function offered(marked: string, format: "yaml" | "json" = "yaml"): string[] | undefined {
  const at = marked.indexOf("|");
  const doc = marked.replace("|", "");
  const result = completeDefinition(byType, format)(new CompletionContext(EditorState.create({ doc }), at, true));
  return result?.options.map((option) => option.label);
}

describe("completion in the text", () => {
  test("offers members of the format where they belong", () => {
    expect(offered("na|")).toContain("steps");
    expect(offered("steps:\n  - id: a\n    dep|")).toContain("depends_on");
    expect(offered("settings:\n  max|")).toContain("max_parallel_steps");
  });

  test("offers actions, and the parameters of the step's action wherever it is named", () => {
    expect(offered("steps:\n  - id: a\n    action: fe|")).toEqual(["fetch"]);
    expect(offered("steps:\n  - id: a\n    action: fetch\n    params:\n      ur|")).toEqual(["url", "method"]);
    expect(offered("steps:\n  - id: a\n    params:\n      ur|\n    action: fetch")).toEqual(["url", "method"]);
  });

  test("offers the words of a member, in JSON too", () => {
    expect(offered("steps:\n  - id: a\n    on_failure: |")).toEqual(["fail", "continue", "retry"]);
    expect(offered('{"steps": [\n  {"id": "a",\n  "on_failure": "|', "json")).toEqual(["fail", "continue", "retry"]);
  });

  test("offers members in JSON, with the quote that is missing", () => {
    const step = '{\n  "steps": [\n    {\n      "id": "a",\n      "action": "fetch",\n      ';
    expect(offered('{\n  "na|', "json")).toContain("steps");
    expect(offered(`${step}"|`, "json")).toContain("depends_on");
    expect(offered(`${step}"params": {\n        "u|`, "json")).toEqual(["url", "method"]);
    expect(offered(`${step}"depends_on": [\n        "a|`, "json")).toBeUndefined();
    expect(offered(`${step}de|`, "json")).toBeUndefined();
    const complete = (doc: string, at: number) => completeDefinition(byType, "json")(new CompletionContext(EditorState.create({ doc }), at, true))?.options[0]?.apply;
    expect([complete('{\n  "', 5), complete('{\n  ""', 5)]).toEqual(['name": ', "name"]);
  });

  test("offers nothing within a text", () => {
    expect(offered("steps:\n  - id: a\n    name: some th|")).toBeUndefined();
  });
});

test("the members around a line follow from its indentation", () => {
  const lines = ["name: p", "steps:", "  - id: a", "    params:", "      headers:", "        x: 1"];
  expect(parentsOf(lines, 5, 8)).toEqual(["headers", "params", "steps"]);
  expect(actionAround(["steps:", "  - id: a", "    action: one", "  - id: b"], 3)).toBeNull();
});
