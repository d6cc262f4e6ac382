// SPDX-License-Identifier: Apache-2.0
/** What templates read: `params.X` and `steps.X.outputs.Y` in every text of a definition, and renaming it there. */
import type { Json } from "@/api/types";
import { isObject, isPlainName } from "./model";

export interface Reference {
  readonly root: "params" | "steps";
  readonly name: string;
  /** Of a step: what stands behind `.outputs`; null: nothing. */
  readonly output: string | null;
}

const region = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;
const text = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const member = String.raw`\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(${text})\s*\])`;
/** A text literal, which is skipped, or a name that is no member of another, with up to three members behind it. */
const reading = () => new RegExp(String.raw`(${text})|(?<![\w.\]])(?<!\.\s+)(params|steps)${member}(?:${member})?(?:${member})?`, "g");

function unquoted(literal: string): string {
  return literal.slice(1, -1).replace(/\\(.)/g, "$1");
}

const nameIn = (plain: string | undefined, literal: string | undefined) => plain ?? (literal === undefined ? null : unquoted(literal));

function referencesInExpression(expression: string): Reference[] {
  const found: Reference[] = [];
  for (const match of expression.matchAll(reading())) {
    const root = match[2];
    const name = nameIn(match[3], match[4]);
    if ((root !== "params" && root !== "steps") || name === null) continue;
    const isOutputs = root === "steps" && nameIn(match[5], match[6]) === "outputs";
    found.push({ root, name, output: isOutputs ? nameIn(match[7], match[8]) : null });
  }
  return found;
}

/** What a text reads. A condition is an expression as a whole, also without braces. */
export function referencesIn(value: string, isCondition = false): readonly Reference[] {
  const regions = value.match(region);
  if (!regions) return isCondition ? referencesInExpression(value) : [];
  return regions.flatMap(referencesInExpression);
}

/** A step as an expression reads it: steps.a, steps['my-id']. */
export function stepExpression(id: string): string {
  return isPlainName(id) ? `steps.${id}` : `steps['${id.replace(/[\\']/g, "\\$&")}']`;
}

const expressionOf = (root: "params" | "steps", name: string) =>
  isPlainName(name) ? `${root}.${name}` : `${root}['${name.replace(/[\\']/g, "\\$&")}']`;

function renameInExpression(expression: string, root: "params" | "steps", from: string, to: string): string {
  return expression.replace(reading(), (whole, literal, found, plain, quoted) => {
    if (literal !== undefined || found !== root || nameIn(plain, quoted) !== from) return whole;
    const head = /^(params|steps)\s*(?:\.\s*[A-Za-z_]\w*|\[\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\])/.exec(whole)?.[0] ?? "";
    return expressionOf(root, to) + whole.slice(head.length);
  });
}

/** A text in which a step or a parameter has another name. */
export function renameInText(value: string, root: "params" | "steps", from: string, to: string, isCondition = false): string {
  if (isCondition && !/\{\{|\{%/.test(value)) return renameInExpression(value, root, from, to);
  return value.replace(region, (part) => renameInExpression(part, root, from, to));
}

/** The same for all texts in a value; members named `condition` are conditions. Shares what does not change. */
export function renameInValue(value: Json, root: "params" | "steps", from: string, to: string, isCondition = false): Json {
  if (typeof value === "string") return renameInText(value, root, from, to, isCondition);
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => renameInValue(item, root, from, to));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, member]) => [name, renameInValue(member, root, from, to, name === "condition")] as const);
  return entries.every(([name, member]) => member === value[name]) ? value : Object.fromEntries(entries);
}

/** Everything that the texts of a value read. */
export function referencesInValue(value: Json, isCondition = false): readonly Reference[] {
  if (typeof value === "string") return referencesIn(value, isCondition);
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((item) => referencesInValue(item));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, member]) => referencesInValue(member, name === "condition"));
}
