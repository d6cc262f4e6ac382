// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { portray, stage } from "./browser";

const on = stage();

describe("an action that is tried", () => {
  it("runs with what the form says, and shows outputs and log", async () => {
    const page = await on.open("/actions/set_output");
    await page.getByRole("button", { name: "Try it" }).first().click();
    const drawer = page.getByRole("dialog", { name: "Try Set Output" });
    await drawer.getByLabel("Outputs", { exact: true }).fill('{"answer": 42}');
    await drawer.getByRole("button", { name: "Run" }).click();
    const outcome = drawer.getByRole("region", { name: "What came of it" });
    await outcome.getByText("Completed").waitFor();
    await outcome.getByText('"answer": 42').waitFor();
    await portray(page, "action-tried");
    await outcome.getByRole("link", { name: "Open the execution" }).click();
    await page.getByRole("heading", { name: /Try Set Output/ }).getByText("Completed").waitFor();
  });

  it("says at the field what the service does not take, and above what an action did wrong", async () => {
    const page = await on.open("/actions/transform", { expected: /400/ });
    const example = page.getByRole("region", { name: "Examples" }).getByRole("button", { name: "Try it" });
    await example.nth(1).click();
    const drawer = page.getByRole("dialog", { name: "Try Transform" });
    await drawer.getByRole("button", { name: "Run" }).click();
    await drawer.locator(".field-error").first().waitFor();
    await portray(page, "action-refused");
    await drawer.getByRole("button", { name: "Close" }).first().click();
    await page.goto(`${on.service.url}/ui/actions/fail`);
    await page.getByRole("region", { name: "Examples" }).getByRole("button", { name: "Try it" }).nth(1).click();
    await page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
    await page.getByRole("dialog").getByText("QUOTA").first().waitFor();
    await portray(page, "action-failed");
  });

  it("is stopped while it goes on, and not started twice", async () => {
    const page = await on.open("/actions/delay");
    await page.getByRole("button", { name: "Try it" }).first().click();
    const drawer = page.getByRole("dialog", { name: "Try Delay" });
    await drawer.getByRole("spinbutton").first().fill("600");
    await drawer.getByRole("button", { name: "Run" }).click();
    await drawer.getByText("Waiting").waitFor();
    expect(await drawer.getByRole("button", { name: "Run" }).isDisabled()).toBe(true);
    await drawer.getByRole("button", { name: "Stop it" }).click();
    await drawer.getByText("Cancelled", { exact: true }).waitFor();
    await expect.poll(() => drawer.getByRole("button", { name: "Run" }).isDisabled()).toBe(false);
  });
});

describe("an example", () => {
  it("begins a pipeline", async () => {
    const page = await on.open("/actions/aggregate");
    const examples = page.getByRole("region", { name: "Examples" });
    await portray(page, "action-examples");
    await examples.getByRole("button", { name: "New pipeline" }).first().click();
    await page.getByRole("dialog", { name: "New pipeline" }).getByRole("button", { name: "Create" }).click();
    await page.locator(".react-flow__node", { hasText: "Aggregate" }).waitFor();
    const [{ id }] = await on.service.call("GET", "/pipelines");
    const { dag } = await on.service.call("GET", `/pipelines/${id}`);
    expect(dag).toMatchObject({ name: "Add up", steps: [{ action: "aggregate", params: { inputs: [3, 4.5, 10], operation: "sum" } }] });
  });

  it("is copied, and pasted into a pipeline that is open", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "Pasted", steps: [], outputs: {} } });
    const page = await on.open("/actions/aggregate");
    await page.getByRole("button", { name: "Copy “One text of many” as a step" }).click();
    await page.getByText("Copied: paste it into a pipeline").waitFor();
    await page.goto(`${on.service.url}/ui/pipelines/${id}/edit`);
    await page.getByText("Drag an action here").waitFor();
    await page.keyboard.press("Control+v");
    await page.locator(".react-flow__node", { hasText: "Aggregate" }).click();
    await expect.poll(() => page.getByRole("complementary", { name: "Step Aggregate" }).getByRole("textbox", { name: "Separator" }).inputValue()).toBe(" and ");
  });

  it("is added as a step from the list of actions, and behind the step that is open", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "By example", steps: [], outputs: {} } });
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByText("Drag an action here").waitFor();
    await page.getByRole("button", { name: "More of Set Output" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "Make it a favourite" }).waitFor();
    await page.getByRole("menuitem", { name: "Add the example “Fixed values”" }).click();
    const panel = page.getByRole("complementary", { name: /^Step / });
    await panel.getByRole("tab", { name: "Examples" }).click();
    await panel.getByRole("button", { name: "Add as a step" }).first().click();
    await expect.poll(() => page.locator(".react-flow__edge").count()).toBe(1);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText(/^Saved as version/).waitFor();
    const { dag } = await on.service.call("GET", `/pipelines/${id}`);
    expect(dag.steps.map((step: any) => [step.depends_on, step.params])).toEqual([
      [[], { outputs: { region: "eu-1", replicas: 3 } }],
      [["set_output"], { outputs: { region: "eu-1", replicas: 3 } }],
    ]);
  });
});

describe("metadata of any kind", () => {
  const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

  it("is text, and leads nowhere; what cannot be used says why", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "Any metadata", steps: [{ id: "one", name: "One", action: "transform", params: { input: [1] } }] } });
    const page = await on.open("/pipelines");
    await page.route("**/actions", async (route) => {
      if (route.request().resourceType() === "document") return route.continue();
      const answer = await route.fetch();
      const body = await answer.json();
      const change = (action: any) => {
        if (action.type === "log") action.unavailable = "the library that writes logs is not installed";
        if (action.type === "delay") action.deprecated = "wait_until takes its place";
        if (action.type !== "transform") return;
        Object.assign(action, { name: hostile, description: hostile, icon: hostile, color: 'red" onload="x', publisher: hostile, docsUrl: "javascript:document.title='owned'" });
        for (const param of action.params) Object.assign(param, { label: `${hostile} ${param.name}`, description: hostile, placeholder: hostile });
        for (const example of action.examples) Object.assign(example, { title: hostile, description: hostile });
      };
      body.actions.forEach(change);
      body.categories.forEach((category: any) => category.actions.forEach(change));
      await route.fulfill({ response: answer, json: body });
    });
    await page.goto(`${on.service.url}/ui/pipelines/${id}/edit`);
    await page.locator(".react-flow__node", { hasText: "One" }).click();
    const panel = page.getByRole("complementary", { name: "Step One" });
    await panel.getByText(hostile).first().waitFor();
    expect(await panel.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
    const palette = page.getByRole("complementary", { name: "Actions" });
    expect(await palette.getByRole("button", { name: /^Log/ }).isDisabled()).toBe(true);
    await palette.getByText("the library that writes logs is not installed").waitFor();
    await palette.getByText("wait_until takes its place").waitFor();
    await portray(page, "editor-any-metadata");
    await page.goto(`${on.service.url}/ui/actions/transform`);
    await page.getByRole("heading", { name: hostile, level: 1 }).waitFor();
    expect(await page.locator('a[href^="javascript"], img, script:not([src])').count()).toBe(0);
    await expect.poll(() => page.title()).toBe(`${hostile} · budpipeline`);
  });
});
