// SPDX-License-Identifier: Apache-2.0
/** The editor behind a proxy that shows the service below a path, and takes the path away. */
import { createServer, request } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { stage } from "./browser";

const path = "/tools/pipelines";

async function startProxy(target: () => string): Promise<{ server: Server; url: string; strays: string[] }> {
  const strays: string[] = [];
  const server = createServer((incoming, answer) => {
    const asked = incoming.url ?? "";
    if (!asked.startsWith(`${path}/`)) {
      strays.push(asked);
      answer.writeHead(404).end();
      return;
    }
    const onward = request(target() + asked.slice(path.length), { method: incoming.method ?? "GET", headers: incoming.headers }, (from) => {
      answer.writeHead(from.statusCode ?? 502, from.headers);
      from.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, strays };
}

describe("below a path", () => {
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  const on = stage(async () => {
    proxy = await startProxy(() => on.service.url);
    return ["--public-url", proxy.url];
  });
  afterAll(() => {
    proxy.server.closeAllConnections();
    proxy.server.close();
  });

  it("pages, files, requests and streams are found", async () => {
    const { execution_id } = await on.service.call("POST", "/executions/run", { pipeline_definition: { name: "Below", steps: [{ id: "a", name: "A", action: "log", params: { message: "hi" } }] } });
    const context = await on.browser.newContext({ reducedMotion: "reduce" });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(`${proxy.url}/ui/executions/${execution_id}`);
    await page.getByRole("heading", { name: /Below/ }).getByText("Completed").waitFor();
    await page.getByRole("tab", { name: "Events" }).click();
    await page.getByText("Ended").first().waitFor();
    await page.getByRole("link", { name: "Actions", exact: true }).click();
    await page.getByRole("heading", { name: "Actions", level: 1 }).waitFor();
    expect(page.url()).toBe(`${proxy.url}/ui/actions`);
    expect(await page.getByRole("link", { name: "API description, in a new tab" }).getAttribute("href")).toBe(`${path}/docs`);
    await page.reload();
    await page.getByRole("heading", { name: "Actions", level: 1 }).waitFor();
    expect(complaints).toEqual([]);
    expect(proxy.strays).toEqual([]);
    await context.close();
  });
});
