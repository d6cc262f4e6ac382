// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Pipeline } from "@/api/types";
import { fileName, formatOf, readDefinition } from "./files";
import { filterPipelines } from "./filter";

const pipeline = (name: string, more: Partial<Pipeline> = {}) =>
  ({ id: name, name, description: null, status: "active", updated_at: "2026-01-01T00:00:00Z", last_execution_at: null, execution_count: 0, ...more }) as Pipeline;
const all = [
  pipeline("Weather", { description: "the report of the day", updated_at: "2026-03-01T00:00:00Z", execution_count: 2 }),
  pipeline("Astronomy", { status: "draft", last_execution_at: "2026-04-01T00:00:00Z", execution_count: 9 }),
];
const found = (text: string, status = "", order: "updated" | "name" | "runs" | "ran" = "updated") =>
  filterPipelines(all, { text, status, order }).map((item) => item.name);

it("finds pipelines by words of name and description, and by status", () => {
  expect(found("REPORT wea")).toEqual(["Weather"]);
  expect(found("", "draft")).toEqual(["Astronomy"]);
  expect(found("weather", "draft")).toEqual([]);
});

it("orders them", () => {
  expect([found(""), found("", "", "name"), found("", "", "runs"), found("", "", "ran")].map(([first]) => first)).toEqual(["Weather", "Astronomy", "Astronomy", "Astronomy"]);
});

it("names files after pipelines", () => {
  expect([fileName("Weather report!", "yaml"), fileName("数 1", "json"), fileName("../..", "yaml")]).toEqual(["weather-report.yaml", "数-1.json", "pipeline.yaml"]);
});

it("knows a definition in either form", () => {
  expect([formatOf('  {"name"'), formatOf("name: x")]).toEqual(["json", "yaml"]);
  expect(readDefinition("name: x\nsteps: []").dag).toEqual({ name: "x", steps: [] });
  expect(readDefinition('{"name": "x",}').errors).toHaveLength(1);
});
