// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from "vitest";
import type { Action } from "@/api/types";
import { DocumentStore, dependenciesOf, findStep, moveSteps, positionOf, stepsOf } from "@/features/definition";
import type { Dag } from "@/features/definition";
import { keptPlacesOf } from "@/features/definition/layout";
import { newStep } from "./adding";
import { referencesFor } from "./editor";
import { keyOf } from "./keys";

const action = (type: string, more: Partial<Action> = {}) =>
  ({ type, name: type === "fetch" ? "Fetch it" : type, description: "", params: [], outputs: [], ...more }) as unknown as Action;
const noRoutes = () => null;

describe("a new step", () => {
  const store = new DocumentStore({ name: "p", steps: [{ id: "first", name: "First", action: "fetch" }] } as unknown as Dag);
  store.apply("move", moveSteps(new Map([["first", { x: 100, y: 60 }]])));

  test("follows the chosen one, to its right, with the defaults of its action", () => {
    const { id, command } = newStep(store.dag, keptPlacesOf(store.dag), action("fetch", { params: [{ name: "url", default: "http://x" }] as unknown as Action["params"] }), { after: "first" });
    store.apply("add", command);
    expect(id).toBe("fetch_it");
    expect(findStep(store.dag, id)).toMatchObject({ action: "fetch", params: { url: "http://x" }, depends_on: ["first"] });
    expect(positionOf(store.dag, id)?.x).toBeGreaterThan(340);
    expect(positionOf(store.dag, id)?.y).toBe(60);
  });

  test("has an id of its own however often it is added", () => {
    const ids = [1, 2].map(() => {
      const { id, command } = newStep(store.dag, keptPlacesOf(store.dag), action("fetch"));
      store.apply("add", command);
      return id;
    });
    expect(new Set([...ids, "fetch_it"]).size).toBe(3);
    expect(stepsOf(store.dag).filter((step) => dependenciesOf(step).length === 0)).toHaveLength(3);
  });

  test("leaves the others where they are shown, though the document said nothing of them", () => {
    const loose = { name: "p", steps: ["a", "b"].map((id) => ({ id, name: id, action: "fetch" })) } as unknown as Dag;
    const { id, command } = newStep(loose, new Map([["a", { x: 0, y: 0 }], ["b", { x: 0, y: 100 }]]), action("fetch"), { after: "a" });
    const dag = command(loose);
    expect(["a", "b", id].map((step) => positionOf(dag, step))).toEqual([{ x: 0, y: 0 }, { x: 0, y: 100 }, { x: 320, y: 0 }]);
  });
});

test("a template is offered parameters and the outputs of the steps before it, not of those after it", () => {
  const dag = {
    name: "p",
    parameters: [{ name: "who" }],
    steps: [
      { id: "a", name: "A", action: "fetch" },
      { id: "set", name: "Set", action: "set", depends_on: ["a"], params: { outputs: { total: 1 } } },
      { id: "c", name: "C", action: "fetch", depends_on: ["set"] },
    ],
  } as unknown as Dag;
  const byType = new Map([
    ["fetch", action("fetch", { outputs: [{ name: "body", type: "any", description: null }] as unknown as Action["outputs"] })],
    ["set", action("set", { outputs: [{ name: "*", type: "any", description: null }] as unknown as Action["outputs"] })],
  ]);
  const paths = (id: string | null) => referencesFor(dag, noRoutes, byType, id).map((reference) => reference.path);
  expect(paths("set")).toEqual(["params.who", "steps.a.outputs.body"]);
  expect(paths("c")).toEqual(["params.who", "steps.a.outputs.body", "steps.set.outputs.total"]);
  expect(paths(null)).toHaveLength(4);
});

describe("keys", () => {
  const press = (key: string, held: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey" | "altKey", boolean>> = {}) =>
    keyOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held });

  test.each([
    ["z", { ctrlKey: true }, "undo"],
    ["Z", { ctrlKey: true, shiftKey: true }, "redo"],
    ["z", { metaKey: true }, "undo"],
    ["s", { ctrlKey: true }, "save"],
    ["a", {}, "add"],
    ["a", { ctrlKey: true }, "all"],
    ["?", { shiftKey: true }, "help"],
    ["A", { shiftKey: true }, null],
    ["a", { altKey: true }, null],
    ["q", {}, null],
  ] as const)("%s with %j is %s", (key, held, expected) => expect(press(key, held)).toBe(expected));
});
