// SPDX-License-Identifier: Apache-2.0
/** The parameters of a pipeline as fields of a form: what each takes, and what its text comes to. Pure. */
import type { OptionsOf } from "@/api/actions";
import type { Action } from "@/api/types";
import { actionOf, paramsOf, stepsOf } from "@/features/definition";
import type { Dag } from "@/features/definition";

export interface Parameter {
  name: string;
  type: string;
  description: string | null;
  required: boolean;
  default: unknown;
}

export type FieldKind = "text" | "number" | "boolean" | "json";

/** What a person has typed: text, or a boolean where there is a box to tick. */
export type Typed = string | boolean;

const kinds: Record<string, FieldKind> = {
  integer: "number",
  float: "number",
  number: "number",
  boolean: "boolean",
  array: "json",
  object: "json",
  json: "json",
};

export function kindOf(parameter: Parameter): FieldKind {
  return kinds[parameter.type] ?? "text";
}

interface Written {
  name?: unknown;
  type?: unknown;
  description?: unknown;
  required?: unknown;
  default?: unknown;
}

/** The parameters that a definition declares; what is not whole is left out, validation tells of it. */
export function parametersOf(dag: Record<string, unknown>): readonly Parameter[] {
  const list = Array.isArray(dag["parameters"]) ? (dag["parameters"] as Written[]) : [];
  return list
    .filter((item): item is Written & { name: string } => typeof item === "object" && item !== null && typeof item.name === "string")
    .map((item) => ({
      name: item.name,
      type: typeof item.type === "string" ? item.type : "string",
      description: typeof item.description === "string" ? item.description : null,
      required: item.required !== false && (item.default === undefined || item.default === null),
      default: item.default ?? null,
    }));
}

/** Template that is a parameter as it stands, and nothing else. */
const isParameter = (value: unknown, name: string) =>
  typeof value === "string" && value.replace(/\s/g, "") === `{{params.${name}}}`;

/**
 * Whose options a parameter that names a thing of the platform has: those of the step's parameter that it is handed to,
 * else of any action's parameter of its type.
 */
export function optionsOf(parameter: Parameter, dag: Record<string, unknown>, actions: readonly Action[]): OptionsOf | undefined {
  if (!parameter.type.endsWith("_ref")) return undefined;
  const named = (action: Action) => action.params.filter((param) => param.type === parameter.type);
  for (const step of stepsOf(dag as Dag)) {
    const action = actions.find((candidate) => candidate.type === actionOf(step));
    const param = action && named(action).find((candidate) => isParameter(paramsOf(step)[candidate.name], parameter.name));
    if (param) return { action: action.type, param: param.name };
  }
  const other = actions.find((action) => named(action).length > 0);
  return other && { action: other.type, param: named(other)[0]!.name };
}

/** What the field shows at first. */
export function initialOf(parameter: Parameter): Typed {
  if (kindOf(parameter) === "boolean") return parameter.default === true;
  if (parameter.default === null) return "";
  return typeof parameter.default === "string" ? parameter.default : JSON.stringify(parameter.default, null, 2);
}

export type Read = { ok: true; value: unknown; absent: boolean } | { ok: false; error: string };

const value = (read: unknown): Read => ({ ok: true, value: read, absent: false });
const absent: Read = { ok: true, value: undefined, absent: true };

function readNumber(parameter: Parameter, text: string): Read {
  const number = Number(text);
  if (!Number.isFinite(number)) return { ok: false, error: "This must be a number" };
  if (parameter.type === "integer" && !Number.isSafeInteger(number)) return { ok: false, error: "This must be a whole number" };
  return value(number);
}

function readJson(parameter: Parameter, text: string): Read {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    return { ok: false, error: `This is not JSON: ${error instanceof Error ? error.message : "it cannot be read"}` };
  }
  if (parameter.type === "array" && !Array.isArray(read)) return { ok: false, error: "This must be a list: [1, 2]" };
  if (parameter.type === "object" && (typeof read !== "object" || read === null || Array.isArray(read)))
    return { ok: false, error: 'This must be an object: {"key": "value"}' };
  return value(read);
}

/** What is sent for a parameter; an empty field that is not required is left out, so that its default counts. */
export function readParameter(parameter: Parameter, typed: Typed): Read {
  if (typeof typed === "boolean") return value(typed);
  if (typed.trim() === "") return parameter.required ? { ok: false, error: "This is required" } : absent;
  switch (kindOf(parameter)) {
    case "number":
      return readNumber(parameter, typed.trim());
    case "json":
      return readJson(parameter, typed);
    default:
      return value(typed);
  }
}

export interface Reading {
  params: Record<string, unknown>;
  errors: Record<string, string>;
}

/** All fields of a form. */
export function readParameters(parameters: readonly Parameter[], typed: Readonly<Record<string, Typed>>): Reading {
  const params: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const parameter of parameters) {
    const read = readParameter(parameter, typed[parameter.name] ?? initialOf(parameter));
    if (!read.ok) errors[parameter.name] = read.error;
    else if (!read.absent) params[parameter.name] = read.value;
  }
  return { params, errors };
}
