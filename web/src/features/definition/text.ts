// SPDX-License-Identifier: Apache-2.0
/**
 * A document as YAML or JSON, and back, with places: an error names its line, and a pointer its place in the text. JSON
 * is read as the YAML that it is, so that both have places; but not more leniently than JSON.
 */
import { LineCounter, parseDocument, isMap, isPair, isScalar, isSeq, stringify } from "yaml";
import type { Document, Node } from "yaml";
import type { Json } from "@/api/types";
import type { Dag } from "./model";
import { idOf, isObject } from "./model";

export type Format = "yaml" | "json";

/** A place in a text: offsets, and where that is for a person, counted from 1. */
export interface Place {
  readonly from: number;
  readonly to: number;
  readonly line: number;
  readonly column: number;
}

export interface TextError extends Place {
  readonly message: string;
}

export interface Read {
  /** null where the text is no definition. */
  readonly dag: Dag | null;
  readonly errors: readonly TextError[];
  /** The place of what a JSON Pointer names, or of the nearest thing around it. */
  readonly placeOf: (pointer: string) => Place;
  /** The id of the step at an offset; null: in none. */
  readonly stepAt: (offset: number) => string | null;
}

export function toText(dag: Dag, format: Format): string {
  if (format === "json") return `${JSON.stringify(dag, null, 2)}\n`;
  return stringify(dag, { lineWidth: 100, aliasDuplicateObjects: false, defaultStringType: "PLAIN" });
}

const unescape = (token: string) => token.replace(/~1/g, "/").replace(/~0/g, "~");

/** The parts of a JSON Pointer. */
export const tokensOf = (pointer: string): readonly string[] => (pointer === "" ? [] : pointer.split("/").slice(1).map(unescape));

type Range = readonly [number, number, number?];
const rangeOf = (node: unknown): Range | null => {
  const range = (node as Node | null | undefined)?.range;
  return range ? [range[0], range[1]] : null;
};

/** Goes down along a pointer as far as there is something. @return the range of the last thing, a member's name with it */
function rangeAt(root: unknown, tokens: readonly string[]): Range | null {
  let node: unknown = root;
  let range: Range | null = null;
  for (const token of tokens) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === token);
      if (!pair) break;
      const key = rangeOf(pair.key);
      node = pair.value;
      range = key ? [key[0], rangeOf(node)?.[1] ?? key[1]] : rangeOf(node);
    } else if (isSeq(node)) {
      const item = node.items[Number(token)];
      if (item === undefined) break;
      node = item;
      range = rangeOf(node);
    } else break;
  }
  return range;
}

function stepRanges(document: Document): readonly { id: string; range: Range }[] {
  const steps = document.get("steps", true) as unknown;
  if (!isSeq(steps)) return [];
  return steps.items.flatMap((item) => {
    const id = isMap(item) ? item.get("id") : null;
    const range = rangeOf(item);
    return typeof id === "string" && range ? [{ id, range }] : [];
  });
}

/** A value that JSON has too: no dates, no special numbers, names that are texts. */
function toJson(document: Document): unknown {
  return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 0 }) ?? null));
}

function strictJsonError(text: string): { message: string; offset: number } | null {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const offset = /position (\d+)/.exec(message);
    return { message: message.replace(/ in JSON at position.*$| at position.*$/, ""), offset: offset ? Number(offset[1]) : text.length };
  }
}

export function readText(text: string, format: Format): Read {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, merge: false, strict: true, version: "1.2" });
  const place = (from: number, to: number): Place => {
    const { line, col } = lines.linePos(from);
    return { from, to: Math.max(from, to), line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errors: TextError[] = document.errors.map((error) => ({
    ...place(error.pos[0], error.pos[1]),
    message: error.message.split(/ at line \d+/)[0] ?? error.message,
  }));
  const strict = format === "json" ? strictJsonError(text) : null;
  if (strict && errors.length === 0) errors.push({ ...place(strict.offset, strict.offset + 1), message: strict.message });
  let dag: Dag | null = null;
  if (errors.length === 0) {
    try {
      const value = toJson(document);
      if (isObject(value)) dag = value;
      else errors.push({ ...place(0, text.length), message: "A definition is an object with name and steps." });
    } catch {
      errors.push({ ...place(0, text.length), message: "Aliases are not part of the format: write the value out." });
    }
  }
  const whole = place(0, Math.min(text.length, 1));
  return {
    dag,
    errors,
    placeOf: (pointer) => {
      const range = rangeAt(document.contents, tokensOf(pointer));
      return range ? place(range[0], range[1]) : whole;
    },
    stepAt: (offset) => stepRanges(document).find(({ range }) => offset >= range[0] && offset <= range[1])?.id ?? null,
  };
}

/** A YAML text that says what `dag` says and keeps its comments and layout where nothing changed. */
export function updateYaml(text: string, dag: Dag): string {
  const document = parseDocument(text, { merge: false });
  if (document.errors.length || !isMap(document.contents)) return toText(dag, "yaml");
  reconcile(document, document.contents, dag);
  return document.toString({ lineWidth: 100 });
}

const same = (node: unknown, value: Json): boolean => {
  const plain = (node as { toJSON?: () => unknown } | null)?.toJSON?.() ?? null;
  return JSON.stringify(plain) === JSON.stringify(value);
};

function reconcile(document: Document, node: unknown, value: Json): unknown {
  if (same(node, value)) return node;
  if (isMap(node) && isObject(value)) {
    for (const name of node.items.map((pair) => String(isScalar(pair.key) ? pair.key.value : pair.key))) if (!(name in value)) node.delete(name);
    for (const [name, member] of Object.entries(value)) node.set(name, reconcile(document, node.get(name, true), member));
    return node;
  }
  if (isSeq(node) && Array.isArray(value)) {
    const old = [...node.items];
    const byId = new Map(old.flatMap((item) => (isMap(item) && typeof item.get("id") === "string" ? [[item.get("id") as string, item] as const] : [])));
    node.items = (value as readonly Json[]).map((item, index) => {
      const known = isObject(item) && idOf(item) ? byId.get(idOf(item)) : old[index];
      return reconcile(document, known, item) as (typeof node.items)[number];
    });
    return node;
  }
  return document.createNode(value);
}
