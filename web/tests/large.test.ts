// SPDX-License-Identifier: Apache-2.0
/** Pipelines of hundreds of steps: nothing stands still while they are arranged, moved and looked at. */
import { writeFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { picturesFolder, portray, stage } from "./browser";

const on = stage();

/** Chains beside each other, with some steps that read from others too. */
const stepsOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    id: `s${index}`, name: `Step ${index}`, action: "log", params: { message: `from ${index}` },
    depends_on: index < 10 ? [] : [`s${index - 10}`, ...(index % 3 === 0 ? [`s${index - 7}`] : [])],
  }));

async function opened(count: number, name: string): Promise<Page> {
  const { id } = await on.service.call("POST", "/pipelines", { dag: { name, steps: stepsOf(count) } });
  return on.open(`/pipelines/${id}/edit`);
}

const nodes = (page: Page) => page.locator(".react-flow__node");

/** Frames of the page, for as long as something is done, and how long the longest took. */
async function frames(page: Page, act: () => Promise<void>): Promise<{ fps: number; longest: number }> {
  await page.evaluate(() => {
    const measured = window as unknown as { frames: number[]; measuring: boolean };
    measured.frames = [];
    measured.measuring = true;
    const tick = (now: number) => {
      measured.frames.push(now);
      if (measured.measuring) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await act();
  const times = await page.evaluate(() => {
    const measured = window as unknown as { frames: number[]; measuring: boolean };
    measured.measuring = false;
    return measured.frames;
  });
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? time));
  const whole = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return { fps: (gaps.length * 1000) / whole, longest: Math.max(...gaps) };
}

const panMs = 2500;

async function dragAround(page: Page): Promise<void> {
  const box = await page.locator(".react-flow__pane").boundingBox();
  if (!box) throw new Error("There is no canvas");
  const [x, y] = [box.x + box.width / 2, box.y + 30];
  await page.mouse.move(x, y);
  await page.mouse.down();
  const end = Date.now() + panMs;
  for (let turn = 0; Date.now() < end; turn++) await page.mouse.move(x + 160 * Math.sin(turn / 12), y + 20 * Math.sin(turn / 7));
  await page.mouse.up();
}

async function wheelAround(page: Page): Promise<void> {
  const box = await page.locator(".react-flow__pane").boundingBox();
  if (!box) throw new Error("There is no canvas");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const end = Date.now() + panMs;
  for (let turn = 0; Date.now() < end; turn++) await page.mouse.wheel(40 * Math.sin(turn / 15), 25 * Math.sin(turn / 9));
}

describe("five hundred steps", () => {
  it("are moved smoothly, far away and near", { timeout: 180_000 }, async () => {
    const page = await opened(500, "Five hundred");
    await expect.poll(() => nodes(page).count(), { timeout: 60_000 }).toBe(500);
    const far = await frames(page, () => dragAround(page));
    const farByWheel = await frames(page, () => wheelAround(page));
    await page.locator(".react-flow__controls-fitview").click();
    while ((await page.locator(".step-node-name").count()) === 0) await page.locator(".react-flow__controls-zoomin").click();
    const near = await frames(page, () => dragAround(page));
    const figures = { far, farByWheel, near };
    console.log(`frames a second: ${Object.entries(figures).map(([name, { fps, longest }]) => `${name} ${fps.toFixed(0)} (longest ${longest.toFixed(0)} ms)`).join(", ")}`);
    writeFileSync(`${picturesFolder}/frames.json`, JSON.stringify(figures, null, 2));
    // A floor that holds on a machine that does much else: docs/benchmarks.md has what is found on one that does not.
    expect(Math.min(far.fps, farByWheel.fps, near.fps)).toBeGreaterThan(10);
  });
});

describe("a thousand steps", () => {
  it("are arranged aside: the page goes on, and says so", { timeout: 180_000 }, async () => {
    const page = await opened(1000, "A thousand");
    await page.getByText("Arranging 1,000 steps…").waitFor();
    await page.getByRole("button", { name: "Pipeline", exact: true }).click();
    await page.getByRole("complementary", { name: "The pipeline" }).waitFor();
    expect(await nodes(page).count()).toBe(0);
    await expect.poll(() => nodes(page).count(), { timeout: 60_000 }).toBe(1000);
    expect(await page.getByText(/^Arranging/).count()).toBe(0);
    await page.getByRole("button", { name: "Close the panel" }).click();
    await portray(page, "editor-thousand");
  });

  it("are not arranged any more when they are others meanwhile", { timeout: 180_000 }, async () => {
    const page = await opened(1000, "Others meanwhile");
    await page.getByText("Arranging 1,000 steps…").waitFor();
    await page.getByRole("button", { name: "Add a step" }).click();
    await page.keyboard.type("log");
    await page.keyboard.press("Enter");
    await page.getByText("Arranging 1,001 steps…").waitFor();
    await expect.poll(() => nodes(page).count(), { timeout: 60_000 }).toBe(1001);
    await expect.poll(() => page.workers().length, { timeout: 10_000 }).toBe(0);
  });
});

describe("three hundred steps", () => {
  it("are drawn, also in an execution", { timeout: 120_000 }, async () => {
    const page = await opened(300, "Three hundred");
    await expect.poll(() => nodes(page).count(), { timeout: 60_000 }).toBe(300);
    await portray(page, "editor-large");
    const { execution_id } = await on.service.call("POST", "/executions/run", { pipeline_definition: { name: "Large", steps: stepsOf(300) }, params: {} });
    await page.goto(`${on.service.url}/ui/executions/${execution_id}`);
    await page.getByRole("heading", { name: /Large/ }).getByText("Completed").waitFor();
    await expect.poll(() => nodes(page).count()).toBe(300);
    await portray(page, "execution-large");
  });
});
