// SPDX-License-Identifier: Apache-2.0
import { readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { iconNames, knownIcon } from "./Icon";

const actions = new URL("../../../../actions/", import.meta.url);

/** What the metadata of the actions that come with the service names. */
function namesInMetadata(): string[] {
  const files = readdirSync(actions, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((folder) => readdirSync(new URL(`${folder.name}/`, actions)).map((name) => new URL(`${folder.name}/${name}`, actions)))
    .filter((url) => url.pathname.endsWith(".c"));
  return files.flatMap((url) => [...readFileSync(url, "utf8").matchAll(/\.icon = "([^"]+)"/g)].map((match) => match[1] ?? ""));
}

it("draws what the actions of the service name, none of them as a gear", () => {
  const names = namesInMetadata();
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => knownIcon(name) === null)).toEqual([]);
});

it.each(["git-branch", "cpu", "server", "rocket", "plug", "beaker", "box", "database-plus"])("knows %s, which categories name", (name) =>
  expect(iconNames).toContain(knownIcon(name)),
);

it("takes names of other sets, and no name for what it is not", () => {
  expect([knownIcon("lucide:rocket"), knownIcon("Git_Branch"), knownIcon("constructor"), knownIcon("toString"), knownIcon(null), knownIcon("no such icon")]).toEqual(["rocket", "git-branch", null, null, null, null]);
});
