// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { examples, portray, stage } from "./browser";

const on = stage();
const hostile = `<img src=x onerror="document.title='owned'"> & "quotes"`;

const wait = (seconds: number) => ({ id: "wait", name: "Wait", action: "delay", params: { duration_seconds: seconds } });

async function save(dag: Record<string, unknown>): Promise<string> {
  return (await on.service.call("POST", "/pipelines", { dag })).id;
}

describe("before there is anything", () => {
  it("says what to do", async () => {
    const page = await on.open("/");
    await page.getByRole("heading", { name: "No pipelines yet" }).waitFor();
    expect(page.url()).toBe(`${on.service.url}/ui/pipelines`);
    await portray(page, "pipelines-empty");
    await page.getByRole("link", { name: "Executions" }).click();
    await page.getByRole("heading", { name: "Nothing has run yet" }).waitFor();
    await portray(page, "executions-empty");
  });
});

describe("with pipelines", () => {
  const ids = new Map<string, string>();

  beforeAll(async () => {
    for (const [name, dag] of examples()) ids.set(name, await save(dag));
    await save({ name: hostile, description: hostile, steps: [], outputs: {} });
    const hello = ids.get("01-hello")!;
    const started = await on.service.call("POST", "/executions", { workflow_id: hello });
    expect(started.status).toBe("completed");
    await on.service.call("POST", "/executions", { workflow_id: ids.get("03-branch"), params: { temperature: 31 }, initiator: "nightly" });
    await on.service.call("POST", "/executions/run", { pipeline_definition: { name: "Fails", steps: [{ id: "f", name: "Fail", action: "fail", params: { message: hostile } }] } });
    await on.service.call("POST", "/executions/run", { pipeline_definition: { name: "Waits", steps: [wait(600)] } });
  });

  it("lists them, finds them, and shows hostile names as they are", async () => {
    const page = await on.open("/pipelines");
    await page.getByRole("link", { name: hostile }).waitFor();
    await portray(page, "pipelines");
    await page.getByLabel("Search pipelines").fill("branch");
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await page.getByLabel("Search pipelines").fill("there is no such thing");
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
    await portray(page, "pipelines-nothing-found");
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await page.getByLabel("Status").selectOption("draft");
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    expect(await page.title()).toBe("Pipelines · budpipeline");
    expect(page.url()).toContain("status=draft");
    await page.reload();
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
  });

  it("creates one, refuses the same name again, and deletes it", async () => {
    const page = await on.open("/pipelines", { expected: /409/ });
    await page.getByRole("button", { name: "New pipeline" }).click();
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("A pipeline needs a name.").waitFor();
    await page.getByLabel("Name", { exact: false }).first().fill("Made by hand");
    await portray(page, "pipeline-create");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Made by hand", level: 1 }).waitFor();
    await page.goto(`${on.service.url}/ui/pipelines`);
    await page.getByRole("button", { name: "New pipeline" }).click();
    await page.getByRole("dialog").getByRole("textbox").first().fill("Made by hand");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("alert").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Commands for Made by hand" }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("“Made by hand” was deleted").waitFor();
    await expect.poll(() => page.getByRole("link", { name: "Made by hand" }).count()).toBe(0);
  });

  it("imports a file, shows what is wrong with it, and exports what it got", async () => {
    const page = await on.open("/pipelines", { expected: /400/ });
    await page.getByRole("button", { name: "Import" }).click();
    await page.getByLabel("Definition", { exact: true }).fill("name: x\nsteps: [\n");
    await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
    await page.getByText(/^Line \d+:/).waitFor();
    await page.getByLabel("Definition", { exact: true }).fill("name: x\nsteps:\n  - {id: a, name: A, action: log, depends_on: [b, c]}\n");
    await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
    await page.getByText("Unknown step 'b'").waitFor();
    expect(await page.getByRole("dialog").locator("code").allInnerTexts()).toEqual(["/steps/0/depends_on/0", "/steps/0/depends_on/1"]);
    await portray(page, "pipeline-import");
    const file = join(mkdtempSync(join(tmpdir(), "editor-")), "in.yaml");
    writeFileSync(file, "name: Imported\nsteps:\n  - {id: a, name: A, action: log, params: {message: hi}, timeout_seconds: 7}\n");
    await page.getByLabel("File with a definition").setInputFiles(file);
    await expect.poll(() => page.getByLabel("Definition", { exact: true }).inputValue()).toContain("Imported");
    await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
    await page.getByRole("heading", { name: "Imported", level: 1 }).waitFor();
    const arriving = page.waitForEvent("download");
    await page.getByRole("button", { name: "More commands" }).click();
    await page.getByRole("menuitem", { name: "Export as JSON" }).click();
    const download = await arriving;
    expect(download.suggestedFilename()).toBe("imported.json");
    expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toEqual({
      name: "Imported",
      steps: [{ id: "a", name: "A", action: "log", params: { message: "hi" }, timeout_seconds: 7 }],
    });
  });

  it("shows what changed between versions, and restores one", async () => {
    const id = await save({ name: "Changing", steps: [{ id: "a", name: "A", action: "log", params: { message: "one" } }] });
    await on.service.call("PUT", `/pipelines/${id}`, { dag: { name: "Changing", description: "new", steps: [{ id: "a", name: "A", action: "log", params: { message: "two" } }, wait(1)] } });
    const page = await on.open(`/pipelines/${id}/versions`);
    await page.getByText("/steps/0/params/message").waitFor();
    await page.getByText("a changed: params").waitFor();
    await portray(page, "versions");
    await page.getByRole("button", { name: "Restore" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
    await page.getByText("Version 1 is back, as version 3").waitFor();
    await page.getByText("from 1", { exact: true }).waitFor();
    expect((await on.service.call("GET", `/pipelines/${id}`)).dag.steps).toHaveLength(1);
  });

  it("lists executions by status and initiator, and tells live what happens", async () => {
    const page = await on.open("/executions");
    await page.getByRole("link", { name: /^Waits/ }).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    await portray(page, "executions");
    await page.getByLabel("Started by").fill("nightly");
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await page.getByLabel("Started by").fill("");
    await page.getByLabel("Status").selectOption("RUNNING");
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    const running = await on.service.call("GET", "/executions?status=RUNNING");
    await on.service.call("POST", `/executions/${running.executions[0].id}/cancel`);
    await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  });

  it("pages through many", async () => {
    for (let count = 0; count < 30; count++) await on.service.call("POST", "/executions", { workflow_id: ids.get("01-hello"), initiator: "many" });
    const page = await on.open("/executions?initiator=many");
    await page.getByText("30 executions · page 1 of 2").waitFor();
    await page.getByRole("button", { name: "Next page" }).click();
    await page.getByText("30 executions · page 2 of 2").waitFor();
    await expect.poll(() => page.getByRole("row").count()).toBe(6);
  });

  it("shows the executions of one pipeline", async () => {
    const page = await on.open(`/pipelines/${ids.get("03-branch")}/executions`);
    await expect.poll(() => page.getByRole("row").count()).toBe(2);
    await portray(page, "pipeline-executions");
  });

  it("is usable on a tablet and on a telephone", async () => {
    for (const [name, width] of [["tablet", 768], ["telephone", 390]] as const) {
      const page = await on.open("/pipelines", { width, height: 1000 });
      await page.getByRole("link", { name: "Hello", exact: false }).first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
      await portray(page, `pipelines-${name}`);
    }
  });
});
