// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { portray, stage } from "./browser";

const on = stage();
const run = async (dag: Record<string, unknown>, params: Record<string, unknown> = {}) =>
  (await on.service.call("POST", "/executions/run", { pipeline_definition: dag, params })).execution_id as string;

const log = (id: string, after: string[] = [], more: Record<string, unknown> = {}) =>
  ({ id, name: `Step ${id}`, action: "log", depends_on: after, params: { message: `from ${id}` }, ...more });

describe("two executions of a pipeline", () => {
  it("are chosen and compared", async () => {
    const dag = (name: string) => ({ name, parameters: [{ name: "who", default: "x" }], steps: [log("say", [], { params: { message: "{{ params.who }}" } })] });
    const { id } = await on.service.call("POST", "/pipelines", { dag: dag("Compared") });
    const started: string[] = [];
    for (const who of ["Ada", "Grace", "Edith"]) {
      started.push((await on.service.call("POST", "/executions", { workflow_id: id, params: { who } })).execution_id);
      await on.service.call("PUT", `/pipelines/${id}`, { dag: dag(`Compared after ${who}`) });
    }
    for (const one of started) await expect.poll(async () => (await on.service.call("GET", `/executions/${one}`)).status).toBe("COMPLETED");
    const page = await on.open(`/executions/${started[2]}`);
    await page.getByRole("heading", { name: /Compared/ }).getByText("Completed").waitFor();
    await page.getByRole("button", { name: "Compare" }).click();
    const choice = page.getByRole("dialog", { name: "Compare with" });
    await expect.poll(() => choice.getByRole("link").count()).toBe(2);
    await portray(page, "execution-compare-with");
    await choice.getByRole("link").last().click();
    await page.getByText("1 of 1 steps differ.").waitFor();
    await expect.poll(() => page.locator(".compare-pair pre").allInnerTexts()).toEqual([expect.stringContaining("Ada"), expect.stringContaining("Edith")]);
  });

  it("are followed to their end", async () => {
    const [over, under] = [await run({ name: "Over", steps: [log("say")] }), await run({ name: "Under", steps: [{ id: "say", name: "Step say", action: "delay", params: { duration_seconds: 600 } }] })];
    const page = await on.open(`/executions/${over}/compare/${under}`);
    const head = page.locator(".card", { has: page.getByRole("heading", { name: "Under" }) });
    await head.getByText("Running").waitFor();
    await on.service.call("POST", `/executions/${under}/cancel`);
    await head.getByText("Cancelled").waitFor();
    await page.locator(".compare-pair").getByText("Cancelled", { exact: true }).waitFor();
  });
});

describe("an execution", () => {
  it("is watched live to its end, with attempts, outputs, log and events", async () => {
    const id = await run({
      name: "Live",
      steps: [log("first"), { id: "wait", name: "Wait", action: "delay", depends_on: ["first"], params: { duration_seconds: 4 } }, log("last", ["wait"])],
    });
    const page = await on.open(`/executions/${id}`);
    await page.getByRole("heading", { name: /Live/ }).getByText("Running").waitFor();
    await page.locator('.react-flow__node[data-id="wait"]').getByText("Waiting").waitFor();
    await portray(page, "execution-running");
    await page.getByRole("heading", { name: /Live/ }).getByText("Completed").waitFor();
    await page.locator('.react-flow__node[data-id="last"]').getByText("Completed").waitFor();
    await page.getByRole("tab", { name: "Timeline" }).click();
    await page.getByRole("button", { name: /Step last/ }).click();
    const panel = page.getByRole("region", { name: "Step Step last" });
    await panel.getByRole("tab", { name: "Parameters" }).click();
    await panel.getByText('"message": "from last"').first().waitFor();
    await panel.getByRole("tab", { name: "Log" }).click();
    await panel.getByText("from last").first().waitFor();
    await portray(page, "execution-timeline");
    await page.getByRole("tab", { name: "Events" }).first().click();
    await page.getByText("Ended").first().waitFor();
  });

  it("is cancelled", async () => {
    const id = await run({ name: "Stopped", steps: [{ id: "wait", name: "Wait", action: "delay", params: { duration_seconds: 600 } }] });
    const page = await on.open(`/executions/${id}`);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("heading", { name: /Stopped/ }).getByText("Paused").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await page.getByRole("heading", { name: /Stopped/ }).getByText("Running").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the execution" }).click();
    await page.getByRole("heading", { name: /Stopped/ }).getByText("Cancelled").waitFor();
    expect((await on.service.call("GET", `/executions/${id}`)).status).toBe("CANCELLED");
  });

  it("is tried again from the step that failed, and compared with the first", async () => {
    const id = await run({ name: "Again", steps: [log("before"), { id: "boom", name: "Boom", action: "fail", depends_on: ["before"], params: { message: "broken on purpose" } }] });
    const page = await on.open(`/executions/${id}?step=boom`);
    await page.getByText("broken on purpose").first().waitFor();
    await portray(page, "execution-failed");
    await page.getByRole("button", { name: "Retry from here" }).click();
    await page.getByRole("link", { name: "repeats an earlier one" }).waitFor();
    const again = page.url().split("/").at(-1)!.split("?")[0]!;
    expect(again).not.toBe(id);
    const { steps } = await on.service.call("GET", `/executions/${again}/steps`);
    expect(steps.map((step: any) => [step.step_id, step.reused])).toEqual([["before", true], ["boom", false]]);
    await Promise.all(Array.from({ length: 21 }, () => run({ name: "Another", steps: [log("a")] })));
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("dialog").getByRole("listitem").first().filter({ hasText: "which this one repeats" }).getByRole("link").click();
    await page.getByRole("heading", { name: "Two executions side by side" }).waitFor();
    await portray(page, "execution-compare");
  });
});
