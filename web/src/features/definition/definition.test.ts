// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  DocumentStore, addStep, all, connect, copySteps, dependenciesOf, disconnect, edgesOf, emptyDag, findStep, freshId, implyDependencies, keepPlaces,
  levelsOf, mark, markRefusal, moveSteps, pasteSteps, positionOf, readSteps, readText, referencesIn, removeSteps, renameInText,
  renameParameter, renameStep, setBranchTarget, setFields, setParams, setStepFields, stepsOf, toText, updateYaml, whyNoId, whyNotConnect,
} from ".";
import { ancestorsOf } from "./graph";
import { arrangeOutline, heightOf, joinPlaces, keptPlacesOf, looseOutlineOf, nodeWidth, outlineOf } from "./layout";
import type { Dag } from ".";

const routes = (action: string) => (action === "route" ? "branches" : null);
const step = (id: string, more: object = {}) => ({ id, name: id.toUpperCase(), action: "note", params: {}, ...more }) as Dag;
const branch = (id: string, target: string | null) => ({ id, label: id, condition: "true", target_step: target });
const dagOf = (...steps: Dag[]): Dag => ({ name: "t", steps, outputs: {} });
const ids = (dag: Dag) => stepsOf(dag).map((item) => item["id"]);
const get = (dag: Dag, id: string) => findStep(dag, id) ?? {};

describe("the document", () => {
  it("keeps members that the editor does not know", () => {
    const dag = { name: "t", "x-own": [1], steps: [step("a", { on_failure: "retry", retry: { max_attempts: 4 }, timeout_seconds: 5, outputs: ["x"], odd: { y: 1 } })] } as unknown as Dag;
    const changed = all(setParams("a", { text: "hi" }), setStepFields("a", { name: "B" }), setFields({ description: "d" }))(dag);
    expect(changed).toEqual({ ...dag, description: "d", steps: [{ ...stepsOf(dag)[0], name: "B", params: { text: "hi" } }] });
  });

  it("takes a member away that is set to undefined", () => {
    expect(get(setStepFields("a", { condition: undefined })(dagOf(step("a", { condition: "x" }))), "a")).not.toHaveProperty("condition");
  });

  it("is read without complaint where it is not as the format wants it", () => {
    for (const dag of [{}, { steps: null }, { steps: [1, null, "x", {}] }, { steps: [{ id: 5, depends_on: 3, params: [] }] }] as unknown as Dag[]) {
      expect(edgesOf(dag, routes)).toEqual([]);
      expect(all(removeSteps(["a"], routes), renameStep("a", "b", routes), connect("a", "b", routes))(dag)).toEqual(dag);
    }
  });

  it("makes ids that may stand behind a dot and are not taken", () => {
    const dag = dagOf(step("send_mail"), step("send_mail_2"));
    expect([freshId(dag, "Send mail"), freshId(dag, "Überprüfen!"), freshId(dag, "2 fast"), freshId(dag, "数"), freshId(dag, "")]).toEqual([
      "send_mail_3", "u_berpru_fen", "step_2_fast", "step", "step",
    ]);
  });

  it("knows ids as the service does", () => {
    expect(["a", "1", "Schritt 1", "a.b-c_d", "数"].map(whyNoId)).toEqual([null, null, null, null, null]);
    expect(["", "-a", "_a", "a/b", "a".repeat(101)].every((id) => whyNoId(id))).toBe(true);
  });
});

describe("steps that are added and removed", () => {
  it("are put after others and at a place", () => {
    const dag = addStep(step("b"), { after: ["a", "none"], at: { x: 10.4, y: 20 } })(dagOf(step("a")));
    expect(dependenciesOf(get(dag, "b"))).toEqual(["a"]);
    expect(positionOf(dag, "b")).toEqual({ x: 10, y: 20 });
  });

  it("leave no trace in dependencies, branches and layout", () => {
    const before = all(moveSteps(new Map([["a", { x: 0, y: 0 }], ["b", { x: 1, y: 1 }]])))(
      dagOf(step("r", { action: "route", params: { branches: [branch("x", "a"), branch("y", "b")] } }), step("a", { depends_on: ["r"] }), step("b", { depends_on: ["r", "a"] })),
    );
    const after = removeSteps(["a"], routes)(before);
    expect(ids(after)).toEqual(["r", "b"]);
    expect(dependenciesOf(get(after, "b"))).toEqual(["r"]);
    expect(get(after, "r")["params"]).toEqual({ branches: [branch("x", null), branch("y", "b")] });
    expect(after["x-layout"]).toEqual({ b: [1, 1] });
  });
});

describe("a step that is renamed", () => {
  const before = {
    ...dagOf(
      step("a"),
      step("r", { action: "route", depends_on: ["a"], params: { branches: [{ ...branch("x", "a_b"), condition: "{{ steps.a.outputs.n > 1 }}" }] } }),
      step("a_b", { depends_on: ["a", "r"], condition: "steps.a.outputs.ok and steps.a_b", params: { text: "steps.a is {{ steps.a.outputs.x }} of {{ steps['a'].outputs['x'] }}", list: [{ deep: "{{ steps.a }}" }] } }),
    ),
    outputs: { last: "{{ steps.a.outputs.x | upper }}" },
    "x-layout": { a: [1, 2] },
  } as unknown as Dag;
  const after = renameStep("a", "first", routes)(before);

  it("takes dependencies, branches, templates, outputs and its place along", () => {
    expect(after).toEqual({
      ...dagOf(
        step("first", { name: "A" }),
        step("r", { action: "route", depends_on: ["first"], params: { branches: [{ ...branch("x", "a_b"), condition: "{{ steps.first.outputs.n > 1 }}" }] } }),
        step("a_b", { depends_on: ["first", "r"], condition: "steps.first.outputs.ok and steps.a_b", params: { text: "steps.a is {{ steps.first.outputs.x }} of {{ steps.first.outputs['x'] }}", list: [{ deep: "{{ steps.first }}" }] } }),
      ),
      outputs: { last: "{{ steps.first.outputs.x | upper }}" },
      "x-layout": { first: [1, 2] },
    });
  });

  it("is what it was when it is renamed back, but for the way it is written", () => {
    const back = renameStep("first", "a", routes)(after);
    expect(JSON.stringify(back)).toBe(JSON.stringify(before).replace("steps['a'].outputs", "steps.a.outputs"));
  });

  it("keeps its id where the other one is taken", () => expect(renameStep("a", "r", routes)(before)).toBe(before));

  it("may get an id that needs quotes", () => {
    expect(renameInText("{{ steps.a.outputs.x }}", "steps", "a", "it's 1")).toBe("{{ steps['it\\'s 1'].outputs.x }}");
    expect(renameInText("{{ steps['it\\'s 1'].x }}", "steps", "it's 1", "a")).toBe("{{ steps.a.x }}");
  });

  it.each(["{{ other.steps.a }}", "{{ 'steps.a' }}", "{{ my_steps.a }}", "{{ steps.ab }}", "steps.a", "{{ x['steps'].a }}"])("leaves %s alone", (text) =>
    expect(renameInText(text, "steps", "a", "z")).toBe(text),
  );

  it("is not a parameter of the same name", () => {
    expect(renameInText("{{ params.a }}{% if steps.a %}", "steps", "a", "z")).toBe("{{ params.a }}{% if steps.z %}");
    const dag = { name: "t", parameters: [{ name: "a" }], steps: [step("s", { params: { v: "{{ params.a + steps.a }}" } })] } as unknown as Dag;
    expect(renameParameter("a", "b")(dag)).toMatchObject({ parameters: [{ name: "b" }], steps: [{ params: { v: "{{ params.b + steps.a }}" } }] });
  });
});

it("finds what a text reads", () => {
  expect(referencesIn("{{ params.n + steps.a.outputs.b.c }} {{ steps['x y'].outputs['z'] }} params.no")).toEqual([
    { root: "params", name: "n", output: null },
    { root: "steps", name: "a", output: "b" },
    { root: "steps", name: "x y", output: "z" },
  ]);
  expect(referencesIn("params.n > 1", true)).toHaveLength(1);
});

describe("connecting", () => {
  const chain = dagOf(step("a"), step("b", { depends_on: ["a"] }), step("c", { depends_on: ["b"] }));

  it("makes a dependency, once", () => {
    const after = connect("a", "c", routes)(chain);
    expect(dependenciesOf(get(after, "c"))).toEqual(["b", "a"]);
    expect(connect("a", "c", routes)(after)).toBe(after);
    expect(disconnect("a", "c", routes)(after)).toEqual(chain);
  });

  it("refuses a cycle and says why", () => {
    expect(whyNotConnect(chain, routes, "c", "a")).toBe("That would be a cycle: A → B → C → A.");
    expect(whyNotConnect(chain, routes, "a", "a")).toBe("A step cannot depend on itself.");
    expect(whyNotConnect(chain, routes, "a", "c")).toBeNull();
    expect(connect("c", "a", routes)(chain)).toBe(chain);
  });

  it("sees a cycle that goes through a branch", () => {
    const dag = dagOf(step("r", { action: "route", params: { branches: [branch("x", "a")] } }), step("a"));
    expect(whyNotConnect(dag, routes, "a", "r")).toBe("That would be a cycle: R → A → R.");
  });

  it("of a branch makes and frees the dependency", () => {
    const dag = dagOf(step("r", { action: "route", params: { branches: [branch("x", null), branch("y", null)] } }), step("a"), step("b"));
    const led = all(setBranchTarget("r", "x", "a", routes), setBranchTarget("r", "y", "a", routes))(dag);
    expect(dependenciesOf(get(led, "a"))).toEqual(["r"]);
    expect(edgesOf(led, routes).map((edge) => edge.branch?.id)).toEqual(["x", "y"]);
    const one = setBranchTarget("r", "x", "b", routes)(led);
    expect([dependenciesOf(get(one, "a")), dependenciesOf(get(one, "b"))]).toEqual([["r"], ["r"]]);
    const none = setBranchTarget("r", "y", null, routes)(one);
    expect(dependenciesOf(get(none, "a"))).toEqual([]);
  });

  it("implies what branches say", () => {
    const dag = dagOf(step("r", { action: "route", params: { branches: [branch("x", "a")] } }), step("a"));
    expect(dependenciesOf(get(implyDependencies(routes)(dag), "a"))).toEqual(["r"]);
  });
});

it("orders steps by level, and knows what comes before one", () => {
  const dag = dagOf(step("d", { depends_on: ["b", "c"] }), step("a"), step("b", { depends_on: ["a"] }), step("c", { depends_on: ["a"] }));
  expect(Object.fromEntries(levelsOf(dag, routes))).toEqual({ a: 0, b: 1, c: 1, d: 2 });
  expect([...ancestorsOf(dag, routes, "d")].sort()).toEqual(["a", "b", "c"]);
});

describe("undo and redo", () => {
  it("go all the way, and know what they do", () => {
    let now = 0;
    const first = emptyDag("t");
    const store = new DocumentStore(first, () => now);
    for (let count = 0; count < 500; count++) {
      now += 5000;
      store.apply(`Add ${count}`, addStep(step(`s${count}`)));
    }
    const last = store.dag;
    expect(store.getSnapshot()).toMatchObject({ undo: "Add 499", redo: null, dirty: true });
    for (let count = 0; count < 500; count++) store.undo();
    expect(store.dag).toBe(first);
    expect(store.getSnapshot()).toMatchObject({ undo: null, redo: "Add 0", dirty: false });
    for (let count = 0; count < 500; count++) store.redo();
    expect(store.dag).toBe(last);
  });

  it("take what was typed in one go as one", () => {
    let now = 0;
    const store = new DocumentStore(dagOf(step("a")), () => now);
    for (const text of ["h", "he", "hey"]) {
      now += 100;
      store.apply("Type", setParams("a", { text }), "a/text");
    }
    now += 5000;
    store.apply("Type", setParams("a", { text: "hey!" }), "a/text");
    store.undo();
    expect(get(store.dag, "a")["params"]).toEqual({ text: "hey" });
    store.undo();
    expect(get(store.dag, "a")["params"]).toEqual({});
  });

  it("forget what was undone when something else is done, and notice nothing where nothing changes", () => {
    const store = new DocumentStore(dagOf(step("a")));
    store.apply("Add", addStep(step("b")));
    store.undo();
    expect(store.apply("Nothing", connect("a", "a", routes))).toBe(false);
    expect(store.getSnapshot().redo).toBe("Add");
    store.apply("Other", addStep(step("c")));
    expect(store.getSnapshot().redo).toBeNull();
  });

  it("lead back to what was saved", () => {
    const store = new DocumentStore(dagOf(step("a")));
    store.apply("Add", addStep(step("b")));
    store.markSaved(store.dag);
    expect(store.getSnapshot().dirty).toBe(false);
    store.undo();
    expect(store.getSnapshot().dirty).toBe(true);
  });
});

describe("copy and paste", () => {
  const source = moveSteps(new Map([["b", { x: 100, y: 40 }]]))(
    dagOf(step("a"), step("b", { depends_on: ["a"] }), step("c", { depends_on: ["b", "a"], params: { v: "{{ steps.b.outputs.x }} {{ steps.a }}" } })),
  );
  const copied = readSteps(copySteps(source, ["b", "c"]));

  it("brings steps into another pipeline under ids of their own", () => {
    const target = dagOf(step("b"));
    if (!copied) throw new Error("nothing was copied");
    const { command, ids: pasted } = pasteSteps(target, copied, routes);
    const after = command(target);
    expect(pasted).toEqual(["b_2", "c"]);
    expect(dependenciesOf(get(after, "c"))).toEqual(["b_2"]);
    expect(get(after, "c")["params"]).toEqual({ v: "{{ steps.b_2.outputs.x }} {{ steps.a }}" });
    expect(positionOf(after, "b_2")).toEqual({ x: 140, y: 80 });
    expect(get(after, "b")).toEqual(step("b"));
  });

  it("may be repeated in the same pipeline", () => {
    if (!copied) throw new Error("nothing was copied");
    const once = pasteSteps(source, copied, routes).command(source);
    const twice = pasteSteps(once, copied, routes).command(once);
    expect(ids(twice)).toEqual(["a", "b", "c", "b_2", "c_2", "b_3", "c_3"]);
    expect(dependenciesOf(get(twice, "c_3"))).toEqual(["b_3", "a"]);
  });

  it("takes nothing else for steps", () => {
    expect(["", "hello", "{}", "[]", '{"kind":"budpipeline/steps","steps":[]}', '{"kind":"budpipeline/steps","steps":[1,{}]}'].map(readSteps)).toEqual([null, null, null, null, null, null]);
  });
});

describe("text", () => {
  const folder = new URL("../../../../examples/", import.meta.url);
  const examples = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

  it.each(examples)("%s is the same as YAML, as JSON and back", (name) => {
    const { dag, errors } = readText(readFileSync(new URL(name, folder), "utf8"), "yaml");
    expect(errors).toEqual([]);
    if (!dag) throw new Error("not read");
    for (const format of ["yaml", "json"] as const) expect(readText(toText(dag, format), format).dag).toEqual(dag);
  });

  const text = "name: t\nsteps:\n  - id: a # the first\n    name: A\n    action: note\n    params: {text: hi}\n  - id: b\n    name: B\n    action: note\n";

  it("knows the place of a pointer, and the step of a place", () => {
    const read = readText(text, "yaml");
    expect(read.placeOf("/steps/0/params/text")).toMatchObject({ line: 6, column: 14 });
    expect(read.placeOf("/steps/1/depends_on/0")).toMatchObject({ line: 7 });
    expect(read.placeOf("/nothing")).toMatchObject({ line: 1, column: 1 });
    expect([text.indexOf("hi"), text.indexOf("B"), 0].map(read.stepAt)).toEqual(["a", "b", null]);
    expect(readText('{"a~b": {"c/d": 5}}', "json").placeOf("/a~0b/c~1d")).toMatchObject({ column: 10 });
  });

  it.each([
    ["yaml", "name: t\nsteps: [\n", 3],
    ["yaml", "name: t\nname: u\n", 2],
    ["yaml", "- 1\n", 1],
    ["yaml", "a: &x 1\nb: *x\n", 1],
    ["json", '{"name": "t",\n "steps": [,]}', 2],
    ["json", "{'name': 't'}", 1],
    ["json", "{name: t}", 1],
    ["json", "", 1],
  ] as const)("says where %s is wrong: %j", (format, wrong, line) => {
    const read = readText(wrong, format);
    expect(read.dag).toBeNull();
    expect(read.errors[0]?.line).toBe(line);
    expect(read.errors[0]?.message).not.toBe("");
  });

  it("keeps comments where a change is made elsewhere", () => {
    const { dag } = readText(text, "yaml");
    if (!dag) throw new Error("not read");
    const changed = all(setParams("a", { text: "ho" }), removeSteps(["b"], routes), addStep(step("c")))(dag);
    const updated = updateYaml(text, changed);
    expect(updated).toContain("id: a # the first");
    expect(readText(updated, "yaml").dag).toEqual(changed);
  });

  it("says the same after any change", () => {
    const { dag } = readText(readFileSync(new URL("03-branch.yaml", folder), "utf8"), "yaml");
    if (!dag) throw new Error("not read");
    const first = String(stepsOf(dag)[0]?.["id"]);
    for (const command of [renameStep(first, "zz", routes), removeSteps([first], routes), setFields({ steps: [] }), setFields({ parameters: undefined })]) {
      const changed = command(dag);
      expect(readText(updateYaml(readFileSync(new URL("03-branch.yaml", folder), "utf8"), changed), "yaml").dag).toEqual(changed);
    }
  });
});

describe("layout", () => {
  const wide = dagOf(step("r", { action: "route", params: { branches: [branch("x", "a"), branch("y", "b")] } }), ...["a", "b", "c"].map((id) => step(id, { depends_on: ["r"] })), step("z", { depends_on: ["a", "b", "c"] }));

  it("goes from left to right and lets no step cover another", () => {
    const places = [...arrangeOutline(outlineOf(wide, routes))];
    for (const { from, to } of edgesOf(wide, routes)) {
      const [left, right] = [from, to].map((id) => places.find(([other]) => other === id)?.[1].x ?? NaN);
      expect(Number(left) + nodeWidth).toBeLessThan(Number(right));
    }
    for (const [id, a] of places)
      for (const [other, b] of places)
        if (id < other) expect(Math.abs(a.x - b.x) >= nodeWidth || Math.abs(a.y - b.y) >= heightOf(0)).toBe(true);
  });

  it("leaves kept places alone, and finds one for new steps below", () => {
    const dag = addStep(step("new"))(moveSteps(arrangeOutline(outlineOf(wide, routes)))(wide));
    const loose = looseOutlineOf(dag, routes);
    expect(loose.nodes.map(([id]) => id)).toEqual(["new"]);
    const places = joinPlaces(keptPlacesOf(dag), arrangeOutline(loose));
    expect(places.get("r")).toEqual(positionOf(dag, "r"));
    const lowest = Math.max(...stepsOf(wide).map((item) => positionOf(dag, String(item["id"]))?.y ?? 0));
    expect(places.get("new")?.y).toBeGreaterThan(lowest);
  });

  it("follows from the steps and what is between them alone", () => {
    const renamed = setStepFields("a", { name: "Another", condition: "true" })(setFields({ description: "d" })(wide));
    expect(outlineOf(renamed, routes)).toEqual(outlineOf(wide, routes));
    expect(outlineOf(wide, routes).edges).toContainEqual(["r", "a"]);
  });

  it("stays as it is shown where positions are kept, also those that were not", () => {
    const shown = new Map([["a", { x: 5, y: 6 }], ["b", { x: 7, y: 8 }], ["gone", { x: 1, y: 1 }]]);
    const dag = moveSteps(new Map([["a", { x: 1, y: 2 }]]))(wide);
    expect(keepPlaces(shown)(dag)["x-layout"]).toEqual({ a: [1, 2], b: [7, 8] });
    expect(keepPlaces(new Map([["a", { x: 5, y: 6 }]]))(dag)).toBe(dag);
  });

  it("takes a moment for a thousand steps", () => {
    const many = dagOf(...Array.from({ length: 1000 }, (_, index) => step(`s${index}`, index < 10 ? {} : { depends_on: [`s${index - 10}`] })));
    expect(arrangeOutline(outlineOf(many, routes)).size).toBe(1000);
  });
});

it("ties a problem to the step and the field", () => {
  const dag = dagOf(step("a"), step("b"));
  expect(mark(dag, { severity: "warning", code: "X", message: "m", pointer: "/steps/1/params/a~1b" })).toMatchObject({ step: "b", path: ["params", "a/b"], severity: "warning" });
  expect(markRefusal(dag, [{ code: "X", message: "m", pointer: "/dag/steps/0/name" }])).toMatchObject([{ step: "a", path: ["name"], severity: "error" }]);
  expect(mark(dag, { code: "X", message: "m", pointer: "/steps/9/name" })).toMatchObject({ step: null, path: ["steps", "9", "name"] });
});
