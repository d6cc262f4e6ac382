// SPDX-License-Identifier: Apache-2.0
/** Parameters that name things of the platform, against the stand-in for it. */
import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { portray, stage, startPlatform } from "./browser";
import type { Platform } from "./browser";

/** Ids of the stand-in's first records. */
const seedId = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;

async function opened(on: ReturnType<typeof stage>, name: string, step: Record<string, unknown>): Promise<{ page: Page; id: string }> {
  const { id } = await on.service.call("POST", "/pipelines", { dag: { name, steps: [], outputs: {} } });
  const page = await on.open(`/pipelines/${id}/edit`, { expected: /400|502|503|504/ });
  await page.getByRole("button", { name: "Text", exact: true }).click();
  await page.getByLabel("Format").selectOption("json");
  await page.getByRole("textbox", { name: "The pipeline as text" }).click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(JSON.stringify({ name, steps: [{ id: "s", name: "Step", ...step }], outputs: {} }, null, 1));
  await page.locator(".react-flow__node").waitFor();
  await page.getByRole("button", { name: "Text", exact: true }).click();
  await page.locator(".react-flow__node").click();
  return { page, id };
}

const box = (page: Page, name: string) => page.getByRole("combobox", { name });

describe("a thing of the platform", () => {
  let platform: Platform;
  const on = stage("--invoke-system-user-id", seedId(902), async () => {
    platform = await startPlatform();
    return ["--service", `budapp=${platform.url}/budapp`, "--service", `budcluster=${platform.url}/budcluster`];
  });
  afterAll(() => platform?.stop());

  it("is found by its name with the keyboard, and kept by its id", async () => {
    const { page } = await opened(on, "By name", { action: "deployment_create", params: {} });
    const model = box(page, "Model");
    await model.focus();
    await page.keyboard.press("ArrowDown");
    const options = page.getByRole("listbox", { name: "Model" }).getByRole("option");
    await expect.poll(() => options.count()).toBe(3);
    await portray(page, "reference-open");
    await page.keyboard.type("bge");
    await expect.poll(() => options.count()).toBe(2);
    await page.keyboard.press("ArrowDown");
    expect(await model.getAttribute("aria-activedescendant")).toBe(await options.first().getAttribute("id"));
    await page.keyboard.press("Enter");
    await expect.poll(() => model.inputValue()).toBe("BGE small");
    await page.getByText(seedId(102), { exact: true }).waitFor();
    expect(await model.getAttribute("aria-expanded")).toBe("false");
    await page.getByRole("button", { name: "Text", exact: true }).click();
    await expect.poll(() => page.getByRole("textbox", { name: "The pipeline as text" }).innerText()).toContain(seedId(102));
  });

  it("is shown by its name where its id was stored, and stays when a search is left", async () => {
    const { page } = await opened(on, "Stored", { action: "deployment_create", params: { cluster_id: seedId(201) } });
    const cluster = box(page, "Cluster");
    await expect.poll(() => cluster.inputValue()).toBe("Frankfurt GPUs");
    await cluster.fill("beng");
    await page.keyboard.press("Escape");
    expect(await cluster.inputValue()).toBe("Frankfurt GPUs");
    await cluster.fill("nothing like it");
    await page.getByText("Nothing has this in its name.").waitFor();
    await page.keyboard.press("Tab");
    expect(await cluster.inputValue()).toBe("Frankfurt GPUs");
    await cluster.fill(seedId(999));
    await page.keyboard.press("Tab");
    expect(await cluster.inputValue()).toBe(seedId(999));
    await cluster.fill("my-own-id");
    await page.getByRole("option", { name: "Use “my-own-id” as the id" }).click();
    expect(await cluster.inputValue()).toBe("my-own-id");
  });

  it("is one of the provider that is chosen, where it is a cloud model", async () => {
    const { page } = await opened(on, "Of a provider", { action: "cloud_model_add", params: { provider_id: seedId(502) } });
    await box(page, "Pre-seeded Model").click();
    const options = page.getByRole("option");
    await expect.poll(() => options.allInnerTexts()).toEqual([expect.stringContaining("claude-haiku")]);
  });

  it("is found by its name in the form of a run too", async () => {
    const parameters = [{ name: "model", type: "model_ref" }];
    const steps = [{ id: "s", name: "S", action: "set_output", params: { outputs: { chosen: "{{ params.model }}" } } }];
    const { id } = await on.service.call("POST", "/pipelines", { dag: { name: "Chosen", parameters, steps, outputs: { chosen: "{{ steps.s.outputs.chosen }}" } } });
    const page = await on.open(`/pipelines/${id}/edit`);
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await box(page, "model").fill("bge");
    const options = page.getByRole("listbox", { name: "model" }).getByRole("option");
    await expect.poll(() => options.count()).toBe(2);
    await portray(page, "run-reference");
    await page.keyboard.press("Escape");
    await options.first().waitFor({ state: "detached" });
    expect(await box(page, "model").inputValue()).toBe("");
    await box(page, "model").fill("bge");
    await page.getByRole("option", { name: /BGE small/ }).click();
    expect(await box(page, "model").inputValue()).toBe("BGE small");
    await box(page, "model").click();
    await options.first().waitFor();
    await page.keyboard.press("Enter");
    await options.first().waitFor({ state: "detached" });
    expect(await box(page, "model").inputValue()).toBe("BGE small");
    await page.getByRole("dialog").getByRole("button", { name: "Run" }).click();
    await page.waitForURL(/executions/);
    await page.getByRole("tab", { name: "Outputs" }).click();
    await page.getByRole("tabpanel", { name: "Outputs" }).getByText(seedId(102)).first().waitFor();
  });

  it("can be a template instead", async () => {
    const { page } = await opened(on, "By template", { action: "deployment_create", params: {} });
    await page.getByRole("button", { name: /^Model: write a template/ }).click();
    await page.getByRole("textbox", { name: "Model" }).fill("{{ params.model }}");
    await page.getByRole("button", { name: /^Model: choose a value/ }).click();
    await box(page, "Model").waitFor();
  });
});

describe("a platform that is not there", () => {
  const on = stage();

  it("is told, and an id is typed", async () => {
    const { page } = await opened(on, "Alone", { action: "deployment_create", params: {} });
    const model = box(page, "Model");
    await model.fill("some-id");
    await page.getByText(/An id can be typed\.$/).waitFor();
    await portray(page, "reference-alone");
    await page.keyboard.press("Tab");
    expect(await model.inputValue()).toBe("some-id");
  });
});
