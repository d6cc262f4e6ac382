// SPDX-License-Identifier: Apache-2.0
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { portray, stage } from "./browser";

const on = stage();

const dag = {
  name: "Previewed",
  parameters: [{ name: "count", type: "integer", default: 7 }],
  steps: [
    { id: "first", name: "First", action: "set_output", params: { outputs: { count: "{{ params.count }}", words: ["a", "b"] } } },
    { id: "second", name: "Second", action: "log", depends_on: ["first"], params: { message: "{{ steps.first.outputs.count }}" }, condition: "steps.first.outputs.count > 5" },
  ],
  outputs: { words: "{{ steps.first.outputs.words }}" },
};

async function ranWith(name: string, ...counts: number[]): Promise<string> {
  const { id } = await on.service.call("POST", "/pipelines", { dag: { ...dag, name } });
  for (const count of counts) {
    const { execution_id } = await on.service.call("POST", "/executions", { workflow_id: id, params: { count } });
    await expect.poll(async () => (await on.service.call("GET", `/executions/${execution_id}`)).status).toBe("COMPLETED");
  }
  return id;
}

const preview = (page: Page) => page.locator(".editor-panel .preview");
const valueOf = (page: Page) => preview(page).first().innerText();

describe("what a template comes to", () => {
  it("is shown in the latest execution, in another that is chosen, and while one types", async () => {
    const id = await ranWith("Twice", 3, 9);
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.locator('.react-flow__node[data-id="second"]').click();
    const panel = page.getByRole("complementary", { name: "Step Second" });
    await expect.poll(() => valueOf(page)).toBe("9\nnumber");
    await panel.getByLabel("Values of templates are those of").selectOption({ index: 1 });
    await expect.poll(() => valueOf(page)).toBe("3\nnumber");
    await panel.getByLabel("Message").fill("{{ steps.first.outputs.words }}");
    await expect.poll(() => valueOf(page)).toBe('["a","b"]\nlist');
    await portray(page, "editor-preview");
    await panel.getByLabel("Message").fill("{{ 1 / (steps.first.outputs.count - 3) }}");
    await expect.poll(() => preview(page).first().getAttribute("data-tone")).toBe("warn");
    await portray(page, "editor-preview-fault");
    await panel.getByRole("textbox", { name: "Message" }).fill("{{ 1 + }}");
    await panel.locator(".field-error").waitFor();
    expect(await preview(page).count()).toBe(0);
    await panel.getByRole("tab", { name: "Flow" }).click();
    await expect.poll(() => valueOf(page)).toBe("false\nboolean");
  });

  it("sees of a step that has been run only what comes before it, and all for one that has not", async () => {
    const id = await ranWith("Once", 1);
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.locator('.react-flow__node[data-id="first"]').click();
    const panel = page.getByRole("complementary", { name: /^Step / });
    await panel.getByLabel("Outputs", { exact: true }).fill('{"echo": "{{ params.count }}"}');
    await expect.poll(() => valueOf(page)).toBe('{"echo":1}\nobject');
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Add a step" }).click();
    await page.keyboard.type("log");
    await page.keyboard.press("Enter");
    await panel.getByLabel("Message").fill("{{ steps.first.outputs.count }}");
    await expect.poll(() => valueOf(page)).toBe("1\nnumber");
  });

  it("is shown for the outputs of the pipeline", async () => {
    const id = await ranWith("Its outputs", 1);
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByRole("button", { name: "Pipeline", exact: true }).click();
    await page.getByRole("tab", { name: "Outputs" }).click();
    await expect.poll(() => valueOf(page)).toBe('["a","b"]\nlist');
  });

  it("is not shown before there was an execution", async () => {
    const { id } = await on.service.call("POST", "/pipelines", { dag: { ...dag, name: "Never run" } });
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.locator('.react-flow__node[data-id="second"]').click();
    await page.getByRole("textbox", { name: "Message" }).fill("{{ params.count }} ");
    await page.getByRole("tab", { name: "Flow" }).click();
    expect(await preview(page).count()).toBe(0);
  });
});
