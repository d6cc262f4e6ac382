// SPDX-License-Identifier: Apache-2.0
/**
 * What the tests in the browser share: a service of the program with a store of its own, Debian's Chromium, judging a
 * page with axe-core, and pictures of it in light and dark. Every message of the browser's console is a failure: a
 * Content-Security-Policy that does not hold shows there.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { readText } from "@/features/definition/text";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = process.env["BUDPIPELINE_PROGRAM"] ?? `${root}/build/src/cli/budpipeline`;
/** Where pictures go, and figures that a test finds. */
export const picturesFolder = process.env["BUDPIPELINE_PICTURES"] ?? `${root}/build/web-pictures`;
mkdirSync(picturesFolder, { recursive: true });
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Ends with the machine's own limits of a container; nothing is asked of the network. */
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export interface Service {
  url: string;
  /** One request to it, as any client. */
  call: (method: string, path: string, body?: unknown) => Promise<any>;
  stop: () => Promise<void>;
}

/** Starts the program on a free port. */
export async function startService(...options: string[]): Promise<Service> {
  const child: ChildProcess = spawn(program, ["serve", "--port", "0", "--http-rate-limit", "0", ...(options.includes("--store") ? [] : ["--store", "memory:"]), ...options], { stdio: ["ignore", "ignore", "pipe"] });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${program} serve ended with ${code}`)));
    createInterface({ input: child.stderr! }).on("line", (line) => {
      const found = /listening on (http:\/\/[^\s"]+)/.exec(line);
      if (found?.[1]) resolve(found[1]);
    });
  });
  return {
    url,
    call: async (method, path, body) => {
      const answer = await fetch(url + path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text ? JSON.parse(text) : null;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

export interface Platform {
  url: string;
  stop: () => Promise<void>;
}

/** The stand-in for the platform's services, on a free port. */
export async function startPlatform(): Promise<Platform> {
  const child = spawn(`${root}/tests/platform/budpipeline-platform`, ["--port", "0", "--pace", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`budpipeline-platform ended with ${code}`)));
    createInterface({ input: child.stdout! }).once("line", (line) => resolve(line.split(" ").at(-1) ?? ""));
  });
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
}

/** The definitions of examples/, by their file names without the ending. */
export function examples(): Map<string, Record<string, any>> {
  const folder = `${root}/examples`;
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return new Map(files.map((name) => [name.replace(/\.yaml$/, ""), readText(readFileSync(`${folder}/${name}`, "utf8"), "yaml").dag as Record<string, any>]));
}

export interface Stage {
  service: Service;
  browser: Browser;
  /** A page of its own, with nothing stored. `expected`: console messages that the test means to cause. */
  open: (path: string, options?: { width?: number; height?: number; expected?: RegExp }) => Promise<Page>;
}

/** A service and a browser for the tests of one file. An option may be options that are known once it is asked. */
export function stage(...options: (string | (() => Promise<readonly string[]>))[]): Stage {
  const held = {} as Stage & { complaints: string[] };
  beforeAll(async () => {
    held.complaints = [];
    held.service = await startService(...(await Promise.all(options.map((option) => (typeof option === "string" ? [option] : option())))).flat());
    held.browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: flags });
  });
  afterAll(async () => {
    await held.browser?.close();
    await held.service?.stop();
    expect(held.complaints).toEqual([]);
  });
  held.open = async (path, { width = 1280, height = 860, expected } = {}) => {
    const context = await held.browser.newContext({ viewport: { width, height }, permissions: ["clipboard-read", "clipboard-write"], reducedMotion: "reduce" });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const complain = (text: string) => {
      if (!expected?.test(text)) held.complaints.push(`${path}: ${text}`);
    };
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && complain(`${message.text()} ${message.location().url}`));
    page.on("pageerror", (error) => complain(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(held.service.url) && !/^(blob|data):/.test(request.url())) complain(`asked ${request.url()}`);
    });
    await page.goto(`${held.service.url}/ui${path}`);
    return page;
  };
  return held;
}

/** Nothing that axe-core finds by WCAG 2.2 AA. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run: (where: Document, how: object) => Promise<{ violations: any[] }> } };
    return axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
  });
  expect(violations.map((violation) => `${violation.id}: ${violation.help}: ${violation.nodes.map((node: any) => node.html.slice(0, 160)).join(" | ")}`)).toEqual([]);
}

/** Takes a picture in light and in dark, and judges both. */
export async function portray(page: Page, name: string): Promise<void> {
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    // The picture is of a frame, and the first that has all the new colours is the second from now.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await page.screenshot({ path: `${picturesFolder}/${name}-${scheme}.png`, timeout: 60_000 });
    await expectAccessible(page);
  }
}
