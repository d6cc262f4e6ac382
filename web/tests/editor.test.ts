// SPDX-License-Identifier: Apache-2.0
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { portray, stage } from "./browser";

const on = stage();

async function emptyPipeline(name: string): Promise<string> {
  return (await on.service.call("POST", "/pipelines", { dag: { name, steps: [], outputs: {} } })).id;
}

const dagOf = async (id: string) => (await on.service.call("GET", `/pipelines/${id}`)).dag;
const stepNode = (page: Page, name: string) => page.locator(".react-flow__node", { hasText: name });
const saved = (page: Page) => page.getByRole("toolbar", { name: "Editor" }).getByText("Saved", { exact: true });

const handle = (id: string, which: "source" | "target", name = "") =>
  `.react-flow__node[data-id="${id}"] .react-flow__handle.${which}${name ? `[data-handleid="branch:${name}"]` : ""}`;

/** Waits until both have come to rest, as the canvas fits what it shows into itself. */
const connect = (page: Page, from: string, to: string) => page.locator(from).dragTo(page.locator(to));

describe("a pipeline by mouse", () => {
  it("is built from nothing with a branch, saved, read again and run", async () => {
    const id = await emptyPipeline("By mouse");
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByText("Drag an action here").waitFor();
    await page.keyboard.press("Control+Enter");
    await page.getByText("Not run: There is no step yet").waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await portray(page, "editor-empty");
    const palette = page.getByRole("complementary", { name: "Actions" });
    await palette.getByRole("button", { name: /^Set Output/ }).dragTo(page.locator(".editor-canvas"), { targetPosition: { x: 60, y: 200 } });
    await stepNode(page, "Set Output").waitFor();
    const panel = page.getByRole("complementary", { name: /^Step / });
    await panel.getByLabel("Outputs", { exact: true }).fill('{"count": 7}');
    await panel.getByLabel("Name of the step").fill("Count");
    await palette.getByRole("button", { name: /^Conditional Branch/ }).click();
    await page.getByRole("complementary", { name: "Step Conditional Branch" }).getByRole("button", { name: "Add a branch" }).click();
    await page.getByRole("complementary", { name: "Step Conditional Branch" }).getByRole("button", { name: "Add a branch" }).click();
    await panel.getByRole("textbox", { name: "Condition" }).first().fill("{{ steps.set_output.outputs.count > 5 }}");
    for (const name of ["Log", "Transform"]) {
      await page.locator(".react-flow__pane").click({ position: { x: 8, y: 8 } });
      await palette.getByRole("button", { name: new RegExp(`^${name}`) }).click();
    }
    await page.getByRole("button", { name: "Arrange all steps" }).click();
    await page.locator(".react-flow__controls-fitview").click();
    await connect(page, handle("conditional_branch", "source", "branch_1"), handle("log", "target"));
    await connect(page, handle("conditional_branch", "source", "branch_2"), handle("transform", "target"));
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(3);
    await page.getByRole("button", { name: "Arrange all steps" }).click();
    await page.locator(".react-flow__controls-fitview").click();
    await page.locator(".palette-scroll").evaluate((element) => (element.scrollTop = 0));
    await portray(page, "editor-branches");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await saved(page).waitFor();

    const dag = await dagOf(id);
    const [first, branch, log, transform] = dag.steps;
    expect(first).toMatchObject({ id: "set_output", name: "Count", params: { outputs: { count: 7 } } });
    expect(branch.depends_on).toEqual(["set_output"]);
    expect(branch.params.branches.map((item: any) => item.target_step)).toEqual(["log", "transform"]);
    expect([log.depends_on, transform.depends_on]).toEqual([["conditional_branch"], ["conditional_branch"]]);

    await page.reload();
    await expect.poll(() => page.locator(".react-flow__node").count()).toBe(4);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
    await page.getByRole("heading", { name: /By mouse/ }).getByText("Completed").waitFor();
  });

  it("refuses a cycle while one connects, and says why", async () => {
    const dag = { name: "Round", steps: ["a", "b"].map((id) => ({ id, name: `Step ${id}`, action: "log", params: {}, depends_on: id === "b" ? ["a"] : [] })) };
    const { id } = await on.service.call("POST", "/pipelines", { dag });
    const page = await on.open(`/pipelines/${id}/edit`);
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(1);
    await connect(page, handle("b", "source"), handle("a", "target"));
    await page.getByText(/^Not connected: /).waitFor();
    expect(await page.locator(".react-flow__edge").count()).toBe(1);
  });
});

/** By the key for it; what is typed next goes into the search. */
async function askForStep(page: Page) {
  await page.keyboard.press("a");
  await page.getByRole("dialog", { name: "Add a step" }).waitFor();
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("combobox");
}

describe("a pipeline by keyboard alone", () => {
  it("is built from nothing, connected, saved and run", async () => {
    const id = await emptyPipeline("By keys");
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByText("Drag an action here").waitFor();
    const press = (...keys: string[]) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await askForStep(page);
    await portray(page, "editor-add");
    await page.keyboard.type("set out");
    await press("Enter");
    await stepNode(page, "Set Output").waitFor();
    const focusedStep = () => page.evaluate(() => document.activeElement?.closest<HTMLElement>(".react-flow__node")?.dataset["id"]);
    await expect.poll(focusedStep).toBe("set_output");
    await press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Name of the step");
    await press("Escape");
    await expect.poll(focusedStep).toBe("set_output");
    await askForStep(page);
    await page.keyboard.type("transform");
    await press("Enter");
    await stepNode(page, "Transform").waitFor();
    await press("Enter");
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Name of the step");
    await press("Control+A");
    await page.keyboard.type("Shout");
    await stepNode(page, "Shout").waitFor();
    await press("Control+s");
    await saved(page).waitFor();
    const { steps } = await dagOf(id);
    expect(steps.map((step: any) => [step.id, step.name, step.depends_on])).toEqual([["set_output", "Set Output", []], ["transform", "Shout", ["set_output"]]]);
    await press("Control+Enter");
    await page.getByRole("dialog", { name: "Run By keys" }).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Run" }).focus();
    await press("Enter");
    await page.getByRole("heading", { name: /By keys/ }).getByText("Completed").waitFor();
  });

  it("takes back and does again without end", async () => {
    const id = await emptyPipeline("Back and forth");
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByText("Drag an action here").waitFor();
    for (let step = 1; step <= 12; step++) {
      await askForStep(page);
      await page.keyboard.type("log");
      await page.keyboard.press("Enter");
      await expect.poll(() => page.locator(".react-flow__node").count()).toBe(step);
    }
    for (let step = 0; step < 12; step++) await page.keyboard.press("Control+z");
    await expect.poll(() => page.locator(".react-flow__node").count()).toBe(0);
    for (let step = 0; step < 12; step++) await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => page.locator(".react-flow__node").count()).toBe(12);
  });
});

describe("steps on the canvas", () => {
  const dag = (name: string) => ({ name, steps: ["a", "b", "c"].map((id, index, all) => ({ id, name: `Step ${id}`, action: "log", params: {}, depends_on: all.slice(Math.max(0, index - 1), index) })) });

  it("are deleted with their edges in one change, which is taken back at once", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: dag("Deleted together") });
    const page = await on.open(`/pipelines/${id}/edit`);
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(2);
    await stepNode(page, "Step b").focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Delete");
    await expect.poll(() => page.locator(".react-flow__node").count()).toBe(0);
    await page.keyboard.press("Control+z");
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(2);
    expect(await page.getByRole("button", { name: "Undo", exact: true }).isDisabled()).toBe(true);
    await page.locator(".react-flow__edge").first().focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Delete");
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(1);
  });

  it("show their panel again when it was closed, or another one was shown", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: dag("Shown again") });
    const page = await on.open(`/pipelines/${id}/edit`);
    const panel = page.getByRole("complementary", { name: "Step Step b" });
    await stepNode(page, "Step b").click();
    await page.getByRole("button", { name: "Close the panel" }).click();
    await panel.waitFor({ state: "detached" });
    await stepNode(page, "Step b").click();
    await panel.waitFor();
    await page.getByRole("button", { name: "Pipeline", exact: true }).click();
    await panel.waitFor({ state: "detached" });
    await stepNode(page, "Step b").click();
    await panel.waitFor();
  });
});

describe("what is stored", () => {
  const dag = { name: "Saved twice", steps: [{ id: "one", name: "One", action: "log", params: { message: "hi" } }] };
  /** Lets requests for it wait: those from `begin` on, until `release`; `arrived` once there is one. Made long before it
   *  begins: a request that is sent while the browser turns interception on may not be intercepted. */
  const hold = async (page: Page, id: string) => {
    let release = () => {}, arrive = () => {}, begun = false;
    const released = new Promise<void>((resolve) => (release = resolve));
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    await page.route(`**/pipelines/${id}`, async (route) => {
      if (begun) {
        arrive();
        await released;
      }
      await route.continue();
    });
    return { arrived, release, begin: () => (begun = true) };
  };

  it("is saved once more when one asks again while it is being saved", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag });
    const page = await on.open(`/pipelines/${id}/edit`);
    const held = await hold(page, id);
    await stepNode(page, "One").click();
    await page.getByLabel("Name of the step").fill("Two");
    held.begin();
    await page.keyboard.press("Control+s");
    await held.arrived;
    await page.keyboard.type(" or three");
    await page.keyboard.press("Control+s");
    await page.keyboard.press("Control+s");
    held.release();
    await page.getByText("Saved as version 3").waitFor();
    await saved(page).waitFor();
    expect((await dagOf(id)).steps[0].name).toBe("Two or three");
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("is what one sees after coming back, although somebody else has changed it", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { ...dag, name: "Come back to" } });
    const page = await on.open(`/pipelines/${id}/edit`);
    const held = await hold(page, id);
    await stepNode(page, "One").waitFor();
    await page.getByRole("link", { name: "All pipelines" }).click();
    await page.getByRole("link", { name: "Come back to" }).waitFor();
    await on.service.call("PUT", `/pipelines/${id}`, { dag: { ...dag, name: "Come back to", steps: [{ ...dag.steps[0], name: "Changed" }] } });
    // Until then what was read counts as new.
    await page.waitForTimeout(5100);
    held.begin();
    await page.getByRole("link", { name: "Come back to" }).click();
    await held.arrived;
    held.release();
    await stepNode(page, "Changed").waitFor();
  });

  it("can be taken in place of one's own when somebody else saved", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { ...dag, name: "Both save" } });
    const page = await on.open(`/pipelines/${id}/edit`, { expected: /409/ });
    await stepNode(page, "One").click();
    await page.getByLabel("Name of the step").fill("Mine");
    await on.service.call("PUT", `/pipelines/${id}`, { dag: { ...dag, name: "Both save", steps: [{ ...dag.steps[0], name: "Theirs" }] } });
    await page.keyboard.press("Control+s");
    await page.getByRole("dialog", { name: "Somebody else saved meanwhile" }).waitFor();
    await page.getByRole("button", { name: "load theirs" }).click();
    await stepNode(page, "Theirs").waitFor();
  });

  it("is asked about no more when one's own change was taken back meanwhile", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { ...dag, name: "Taken back" } });
    const page = await on.open(`/pipelines/${id}/edit`, { expected: /409/ });
    const held = await hold(page, id);
    await stepNode(page, "One").click();
    await page.getByLabel("Name of the step").fill("Mine");
    await on.service.call("PUT", `/pipelines/${id}`, { dag: { ...dag, name: "Taken back", steps: [{ ...dag.steps[0], name: "Theirs" }] } });
    held.begin();
    await page.keyboard.press("Control+s");
    await held.arrived;
    await page.getByRole("button", { name: /^Undo: / }).click();
    held.release();
    await page.getByRole("button", { name: "Save over it" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await saved(page).waitFor();
    expect((await dagOf(id)).steps[0].name).toBe("Theirs");
  });
});

describe("the keys of the canvas", () => {
  it("are not those of a dialog in front of it", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "Behind", steps: [{ id: "one", name: "One", action: "log", params: {} }] } });
    const page = await on.open(`/pipelines/${id}/edit`);
    await stepNode(page, "One").click();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Delete");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await stepNode(page, "One").count()).toBe(1);
    await stepNode(page, "One").focus();
    await page.keyboard.press("Delete");
    await stepNode(page, "One").waitFor({ state: "detached" });
  });
});

describe("after a dialog", () => {
  it("the focus is where it was, also where a menu led to it", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "Focus", steps: [{ id: "one", name: "One", action: "log", params: {} }] } });
    const page = await on.open(`/pipelines/${id}/edit`);
    await stepNode(page, "One").click();
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent);
    await page.getByRole("button", { name: "Add a step" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(focused).toBe("Add a step");
    await page.getByRole("button", { name: "More commands" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(focused).toBe("More commands");
  });
});

describe("a part of the editor that cannot be loaded", () => {
  it("says so, and leaves what was changed alone", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "In part", steps: [{ id: "one", name: "One", action: "log", params: {} }] } });
    const page = await on.open(`/pipelines/${id}/edit`, { expected: /ERR_FAILED|Failed to load/ });
    await stepNode(page, "One").click();
    await page.getByLabel("Name of the step").fill("Changed");
    await page.route("**/assets/TextView*.js", (route) => route.abort());
    await page.getByRole("button", { name: "Text", exact: true }).click();
    await page.getByRole("heading", { name: "The text could not be loaded" }).waitFor();
    await stepNode(page, "Changed").waitFor();
    await page.unroute("**/assets/TextView*.js");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("textbox", { name: "The pipeline as text" }).waitFor();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await saved(page).waitFor();
  });
});

describe("text and canvas", () => {
  const dag = { name: "Two views", steps: [{ id: "one", name: "One", action: "log", params: { message: "hi" } }] };

  it("show one document, and mark what is wrong at the line and at the node", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag });
    const page = await on.open(`/pipelines/${id}/edit`);
    await stepNode(page, "One").waitFor();
    await page.getByRole("button", { name: "Text", exact: true }).click();
    const text = page.getByRole("textbox", { name: "The pipeline as text" });
    await text.click();
    await page.keyboard.press("Control+End");
    await page.keyboard.insertText("  - id: two\n    name: Two\n    action: nothing_like_it\n    depends_on:\n      - one\n");
    await stepNode(page, "Two").waitFor();
    await expect.poll(() => page.locator('.react-flow__node[data-id="two"] [data-tone="bad"], .react-flow__node[data-id="two"] [data-tone="warn"]').count()).toBeGreaterThan(0);
    await page.locator(".cm-lint-marker").first().waitFor();
    await portray(page, "editor-text");
    await page.keyboard.press("Control+End");
    await page.keyboard.insertText("  - [");
    await page.getByText(/^Line \d+: /).waitFor();
    expect(await page.getByRole("button", { name: "Save", exact: true }).isDisabled()).toBe(true);
    expect(await page.locator(".react-flow__node").count()).toBe(2);
  });

  it("follow the canvas, and keep the comments of the text", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { ...dag, name: "Followed" } });
    const page = await on.open(`/pipelines/${id}/edit`);
    await stepNode(page, "One").waitFor();
    await page.getByRole("button", { name: "Text", exact: true }).click();
    const text = page.getByRole("textbox", { name: "The pipeline as text" });
    await text.click();
    await page.keyboard.press("Control+Home");
    await page.keyboard.insertText("# kept\n");
    await stepNode(page, "One").click();
    await page.getByLabel("Name of the step").fill("Renamed");
    await expect.poll(() => text.innerText()).toContain("name: Renamed");
    expect(await text.innerText()).toContain("# kept");
  });
});

describe("what the service says", () => {
  it("stands at the field that it is about", async () => {
    const dag = { name: "Checked", steps: [{ id: "wait", name: "Wait", action: "delay", params: { duration_seconds: 1 } }] };
    const { id } = await on.service.call("POST", "/pipelines", { dag });
    const page = await on.open(`/pipelines/${id}/edit`, { expected: /400/ });
    await stepNode(page, "Wait").click();
    const panel = page.getByRole("complementary", { name: "Step Wait" });
    await panel.getByRole("spinbutton", { name: /^Duration/ }).fill("99999");
    await expect.poll(() => panel.getByRole("spinbutton", { name: /^Duration/ }).getAttribute("aria-invalid")).toBe("true");
    await page.locator('.react-flow__node[data-id="wait"] [data-tone="bad"]').waitFor();
    await portray(page, "editor-problem");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText(/^Not saved: /).waitFor();
  });
});

describe("a problem that no field has", () => {
  it("stands at the branch that it is about, or above the form", async () => {
    const steps = [
      { id: "split", name: "Split", action: "conditional", params: { branches: [{ id: "one", label: "One", condition: "{{ 1 +", target_step: null }] } },
      { id: "say", name: "Say", action: "log", params: { message: "hi", nonsense: 1 } },
    ];
    const id = await emptyPipeline("Nowhere else");
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByRole("button", { name: "Text", exact: true }).click();
    await page.getByLabel("Format").selectOption("json");
    await page.getByRole("textbox", { name: "The pipeline as text" }).click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(JSON.stringify({ name: "Nowhere else", steps }, null, 2));
    await stepNode(page, "Split").focus();
    await page.keyboard.press("Enter");
    const condition = page.getByRole("complementary", { name: "Step Split" }).getByRole("textbox", { name: "Condition" });
    await expect.poll(() => condition.getAttribute("aria-invalid")).toBe("true");
    await page.getByText("this expression has no end").first().waitFor();
    await stepNode(page, "Say").focus();
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Step Say" }).getByText(/Unknown parameter: nonsense/).waitFor();
  });

  it("keeps one from saving a default that is no JSON, until it is gone", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "No JSON", parameters: [{ name: "who", default: "x" }], steps: [{ id: "a", name: "A", action: "log", params: {} }] } });
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByRole("button", { name: "Pipeline", exact: true }).click();
    await page.getByRole("tab", { name: "Settings" }).click();
    await page.getByRole("textbox", { name: "Description" }).fill("changed");
    await page.getByRole("tab", { name: "Parameters" }).click();
    await page.getByLabel("Default").fill("hello");
    const save = page.getByRole("button", { name: "Save", exact: true });
    await expect.poll(() => save.isDisabled()).toBe(true);
    await page.getByRole("tab", { name: "Settings" }).click();
    await expect.poll(() => save.isDisabled()).toBe(false);
  });
});

describe("the actions beside the canvas", () => {
  it("are explained there, and give their examples as steps, while what was changed stays", async () => {
    const id = await emptyPipeline("Explained");
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByText("Drag an action here").waitFor();
    await askForStep(page);
    await page.keyboard.type("log");
    await page.keyboard.press("Enter");
    await stepNode(page, "Log").waitFor();
    await page.getByRole("button", { name: "More of Transform" }).click();
    await page.getByRole("menuitem", { name: "About this action" }).click();
    const about = page.getByRole("dialog", { name: "About Transform" });
    await about.getByText("Operation").first().waitFor();
    await portray(page, "editor-about");
    await about.getByRole("region", { name: "Examples" }).getByRole("button", { name: "Add as a step" }).first().click();
    await about.waitFor({ state: "detached" });
    await stepNode(page, "Transform").waitFor();
    expect(await page.locator(".react-flow__node").count()).toBe(2);
  });
});

describe("a parameter that the step says nothing of", () => {
  it("shows its default", async () => {
    const steps = [{ id: "tell", name: "Tell", action: "webhook", params: { url: "http://127.0.0.1:1/" } }];
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "Defaults", steps } });
    const page = await on.open(`/pipelines/${id}/edit`);
    await stepNode(page, "Tell").click();
    const panel = page.getByRole("complementary", { name: "Step Tell" });
    expect(await panel.getByRole("checkbox").isChecked()).toBe(true);
    expect(await panel.getByRole("combobox", { name: "Method" }).locator("option").first().innerText()).toBe("POST (default)");
    expect(await panel.getByRole("spinbutton").getAttribute("placeholder")).toMatch(/^\d+$/);
    await panel.getByRole("checkbox").uncheck();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await saved(page).waitFor();
    expect((await dagOf(id)).steps[0].params).toEqual({ url: "http://127.0.0.1:1/", include_metadata: false });
  });
});

describe("where the browser keeps its clipboard to itself", () => {
  it("steps are copied and pasted all the same", async () => {
    const dag = (name: string) => ({ name, steps: [{ id: "one", name: "One", action: "log", params: {} }] });
    const [from, to] = [await on.service.call("POST", "/pipelines", { dag: dag("From there") }), await on.service.call("POST", "/pipelines", { dag: { ...dag("To here"), steps: [] } })];
    const page = await on.open("/pipelines");
    await page.context().addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.goto(`${on.service.url}/ui/pipelines/${from.id}/edit`);
    await stepNode(page, "One").click();
    await page.keyboard.press("Control+c");
    await page.goto(`${on.service.url}/ui/pipelines/${to.id}/edit`);
    await page.getByText("Drag an action here").waitFor();
    await page.keyboard.press("Control+v");
    await stepNode(page, "One").waitFor();
  });

  it("what a dialog shows is copied too", async () => {
    const page = await on.open("/actions");
    await page.context().addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.goto(`${on.service.url}/ui/actions/set_output`);
    await page.getByRole("button", { name: "Try it" }).first().click();
    const drawer = page.getByRole("dialog", { name: "Try Set Output" });
    const field = drawer.getByRole("textbox", { name: "Outputs" });
    await field.fill('{"answer":42}');
    await drawer.getByRole("button", { name: "Run" }).click();
    await drawer.getByRole("button", { name: "Copy outputs" }).click();
    await page.getByText("Outputs copied").waitFor();
    await field.focus();
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+v");
    expect(await field.inputValue()).toBe('{\n  "answer": 42\n}');
  });
});

describe("every kind of parameter", () => {
  let types: { type: string; name: string; action: string }[] = [];
  beforeAll(async () => {
    const { actions } = await on.service.call("GET", "/actions");
    const seen = new Map<string, { type: string; name: string; action: string }>();
    for (const action of actions) for (const param of action.params) if (!param.group && !param.visibleWhen && !seen.has(param.type)) seen.set(param.type, { type: param.type, name: param.name, action: action.type });
    types = [...seen.values()];
  });

  it("has a widget, and can be written as a template instead", async () => {
    expect(types.length).toBeGreaterThanOrEqual(8);
    const dag = { name: "All kinds", steps: types.map(({ type, action }) => ({ id: type, name: `Kind ${type}`, action, params: {} })) };
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "All kinds", steps: [], outputs: {} } });
    const page = await on.open(`/pipelines/${id}/edit`, { expected: /400|404|502|503/ });
    await page.getByRole("button", { name: "Text", exact: true }).click();
    const text = page.getByRole("textbox", { name: "The pipeline as text" });
    await page.getByLabel("Format").selectOption("json");
    await text.click();
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(JSON.stringify(dag, null, 2));
    await expect.poll(() => page.locator(".react-flow__node").count()).toBe(types.length);
    await page.getByRole("button", { name: "Text", exact: true }).click();
    for (const { type } of types) {
      await page.locator(`.react-flow__node[data-id="${type}"]`).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("complementary", { name: `Step Kind ${type}` }).locator(".param-form .field, .param-form fieldset").first().waitFor();
    }
  });
});
