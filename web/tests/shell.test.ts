// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { portray, stage } from "./browser";

const program = process.env["BUDPIPELINE_PROGRAM"] ?? fileURLToPath(new URL("../../build/src/cli/budpipeline", import.meta.url));

describe("the catalogue", () => {
  const on = stage();

  it("shows every action that the service has, and a page for each", async () => {
    const { actions } = await on.service.call("GET", "/actions");
    const page = await on.open("/actions");
    for (const action of actions) await page.getByRole("navigation", { name: "Actions by category" }).getByRole("link", { name: action.name, exact: true }).waitFor();
    await portray(page, "actions");
    const first = actions[0];
    await page.getByLabel("Search actions").fill(first.name);
    await page.getByRole("navigation", { name: "Actions by category" }).getByRole("link", { name: first.name, exact: true }).click();
    await page.getByRole("heading", { name: first.name, level: 1 }).waitFor();
    for (const param of first.params) await page.getByText(param.name, { exact: true }).first().waitFor();
    await portray(page, "action");
  });

  it("says that an action is not there", async () => {
    const page = await on.open("/actions/none%20of%20these");
    await page.getByRole("heading", { name: "No such action" }).waitFor();
    await portray(page, "action-unknown");
  });

  it("can be walked through with the keyboard, beginning with a way to the content", async () => {
    const page = await on.open("/actions");
    await page.getByRole("heading", { name: "Actions", level: 1 }).waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("To the content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Search actions");
  });

  it("remembers the theme that was chosen", async () => {
    const page = await on.open("/actions");
    await page.getByRole("button", { name: "Theme" }).click();
    await page.getByRole("menuitem", { name: "Dark" }).click();
    const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
    await expect.poll(scheme).toBe("dark");
    await page.reload();
    await expect.poll(scheme).toBe("dark");
  });

  it("says so where there is no page", async () => {
    const page = await on.open("/no/such/page");
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    await portray(page, "lost");
  });

  it("is there within a second", async () => {
    const page = await on.open("/actions");
    await page.getByRole("heading", { name: "Actions", level: 1 }).waitFor();
    const times: number[] = [];
    for (let count = 0; count < 5; count++) {
      await page.evaluate(() => performance.clearResourceTimings());
      await page.reload();
      await page.getByRole("heading", { name: "Actions", level: 1 }).waitFor();
      times.push(await page.evaluate(() => performance.now()));
    }
    expect(Math.min(...times)).toBeLessThan(1000);
  });

  it("keeps the last catalogue, marked, while the service does not answer", async () => {
    const page = await on.open("/actions", { expected: /ERR_FAILED|Failed to load/ });
    await page.getByRole("heading", { name: "Actions", level: 1 }).waitFor();
    await page.route("**/actions", (route) => route.abort());
    await page.getByRole("link", { name: "Pipelines", exact: true }).click();
    await page.getByRole("heading", { name: "No pipelines yet" }).waitFor();
    await page.evaluate(() => window.dispatchEvent(new Event("visibilitychange")));
    await page.getByRole("link", { name: "Actions", exact: true }).click();
    await page.getByRole("heading", { name: "Actions", level: 1 }).waitFor();
    expect(await page.getByRole("link", { name: /Log/ }).count()).toBeGreaterThan(0);
  });
});

describe("a service that cannot be reached", () => {
  const on = stage();

  it("is told, and asked again", async () => {
    const page = await on.open("/pipelines", { expected: /./ });
    await page.getByRole("heading", { name: "No pipelines yet" }).waitFor();
    await page.route("**/pipelines?*", (route) => route.abort());
    await page.reload();
    await page.getByRole("heading", { name: "The pipelines could not be loaded" }).waitFor();
    await portray(page, "pipelines-unreachable");
    await page.unroute("**/pipelines?*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "No pipelines yet" }).waitFor();
  });
});

describe("a service that demands tokens", () => {
  const store = `sqlite:${join(mkdtempSync(join(tmpdir(), "editor-")), "store.db")}`;
  const made = execFileSync(program, ["token", "create", "editor", "--scope", "admin", "--store", store], { encoding: "utf8" }).trim();
  const on = stage("--auth", "--store", store);

  it("is asked with the one that the person gives, until the tab is closed", async () => {
    const page = await on.open("/pipelines", { expected: /401/ });
    await page.getByRole("dialog", { name: "A token is needed" }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("password");
    await portray(page, "token");
    await page.locator("input[type=password]").fill("bp_wrong");
    await page.keyboard.press("Enter");
    await page.getByText("The service did not accept the token.").waitFor();
    await page.locator("input[type=password]").fill(made);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "No pipelines yet" }).waitFor();
    expect(await page.evaluate(() => [sessionStorage.length, JSON.stringify(localStorage).includes("bp_")])).toEqual([1, false]);
    await page.reload();
    await page.getByRole("heading", { name: "No pipelines yet" }).waitFor();
    await page.getByRole("button", { name: "Forget the token" }).click();
    await page.getByRole("dialog", { name: "A token is needed" }).waitFor();
  });

  it("takes nothing away from what one is editing when it asks", async () => {
    const body = JSON.stringify({ dag: { name: "Goes on", steps: [{ id: "one", name: "One", action: "log", params: {} }] } });
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${made}` };
    const { id } = (await (await fetch(`${on.service.url}/pipelines`, { method: "POST", headers, body })).json()) as { id: string };
    const page = await on.open(`/pipelines/${id}/edit`, { expected: /401/ });
    const give = async () => {
      await page.locator("input[type=password]").fill(made);
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    };
    await give();
    await page.locator(".react-flow__node", { hasText: "One" }).click();
    await page.getByLabel("Name of the step").fill("Changed");
    await page.evaluate(() => sessionStorage.setItem("budpipeline.token", "bp_gone"));
    await page.keyboard.press("Control+s");
    await give();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved as version 2").waitFor();
    await page.locator(".react-flow__node", { hasText: "Changed" }).waitFor();
  });
});
