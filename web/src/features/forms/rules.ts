// SPDX-License-Identifier: Apache-2.0
/**
 * What the metadata of an action says about a value, as far as a form can tell at once: what is shown, what is missing,
 * what breaks a rule. The service decides; this only saves a person the wait. Pure.
 */
import type { Param } from "@/api/types";

export type Params = Readonly<Record<string, unknown>>;

/** True where a template stands somewhere in the value: what it comes to is not known before the run. */
export function hasTemplate(value: unknown): boolean {
  if (typeof value === "string") return value.includes("{{") || value.includes("{%");
  if (typeof value === "object" && value !== null) return Object.values(value).some(hasTemplate);
  return false;
}

/** The template to try out for a value; null: there is none in it. A condition without braces is an expression. */
export function previewed(value: unknown, isCondition = false): unknown {
  if (hasTemplate(value)) return value;
  return isCondition && typeof value === "string" && value.trim() !== "" ? `{{ ${value} }}` : null;
}

const shownMost = 1000;

/** A value in a line or a few: the text, and what kind of value it is. */
export function shownValue(value: unknown): { text: string; kind: string } {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const kind = value === null ? "null" : Array.isArray(value) ? "list" : typeof value === "string" ? "text" : typeof value;
  return { text: text.length > shownMost ? `${text.slice(0, shownMost)}…` : text, kind };
}

export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** What a parameter is where the step says nothing of it; undefined: nothing. */
export const defaultOf = (param: Param): unknown => (param.formDefault || isEmpty(param.default) ? undefined : param.default);

function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Absent and null say the same in a rule. */
const given = (value: unknown): boolean => value !== undefined && value !== null;

/** Whether a parameter is shown beside the others; the default of the one that is looked at counts where it is absent. */
export function isVisible(param: Param, params: Params, all: readonly Param[]): boolean {
  const when = param.visibleWhen;
  if (!when) return true;
  const other = all.find((candidate) => candidate.name === when.param);
  const value = isEmpty(params[when.param]) ? other?.default : params[when.param];
  if (given(when.equals)) return hasTemplate(value) || sameValue(value, when.equals);
  if (given(when.notEquals)) return !sameValue(value, when.notEquals);
  return true;
}

const length = (text: string): number => [...text].length;

function checkNumber(param: Param, value: number): string | null {
  const { min, max } = param.validation ?? {};
  if (given(min) && value < (min as number)) return `${param.label} must be at least ${min}`;
  if (given(max) && value > (max as number)) return `${param.label} must be at most ${max}`;
  return null;
}

function checkText(param: Param, value: string): string | null {
  const { minLength, maxLength, pattern, patternMessage } = param.validation ?? {};
  if (given(minLength) && length(value) < (minLength as number)) return `${param.label} must have at least ${minLength} characters`;
  if (given(maxLength) && length(value) > (maxLength as number)) return `${param.label} must have at most ${maxLength} characters`;
  if (typeof pattern === "string" && !matches(pattern, value)) return patternMessage ?? `${param.label} must match ${pattern}`;
  return null;
}

/** A pattern that this browser cannot read is left to the service. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

function checkRange(param: Param, value: unknown): string | null {
  if (!Array.isArray(value) || value.length !== 2 || !value.every((bound) => typeof bound === "number"))
    return `${param.label} must be two numbers`;
  const [low, high] = value as [number, number];
  if (low > high) return `${param.label}: the first number must not be greater than the second`;
  return checkNumber(param, low) ?? checkNumber(param, high);
}

function checkOptions(param: Param, value: unknown): string | null {
  const known = new Set((param.options ?? []).map((option) => option.value));
  const chosen = Array.isArray(value) ? value : [value];
  const unknown = chosen.find((item) => !known.has(String(item)));
  return unknown === undefined ? null : `${param.label}: ${String(unknown)} is no choice`;
}

const checks: Partial<Record<Param["type"], (param: Param, value: unknown) => string | null>> = {
  number: (param, value) => (typeof value === "number" ? checkNumber(param, value) : `${param.label} must be a number`),
  boolean: (param, value) => (typeof value === "boolean" ? null : `${param.label} must be yes or no`),
  select: checkOptions,
  multiselect: (param, value) => (Array.isArray(value) ? checkOptions(param, value) : `${param.label} must be a list`),
  range: checkRange,
  branches: (param, value) => (Array.isArray(value) ? null : `${param.label} must be a list of branches`),
};

/** What is wrong with one value, or null. */
export function checkValue(param: Param, value: unknown): string | null {
  if (isEmpty(value)) return param.required ? `${param.label} is required` : null;
  if (hasTemplate(value)) return null;
  const check = checks[param.type];
  if (check) return check(param, value);
  return typeof value === "string" ? checkText(param, value) : null;
}

/** What is wrong with the parameters that are shown, by name. */
export function checkParams(all: readonly Param[], params: Params): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const param of all) {
    const problem = isVisible(param, params, all) ? checkValue(param, params[param.name]) : null;
    if (problem) found[param.name] = problem;
  }
  return found;
}

/** The provider that the parameters name, by the metadata: cloud models are listed for it. */
export function providerOf(all: readonly Param[], params: Params): string | undefined {
  const param = all.find((candidate) => candidate.type === "provider_ref");
  const value = param && params[param.name];
  return typeof value === "string" && value !== "" && !hasTemplate(value) ? value : undefined;
}

/** The parameters of a new step: defaults that say something. */
export function startingParams(all: readonly Param[]): Record<string, unknown> {
  return Object.fromEntries(all.filter((param) => !isEmpty(param.default)).map((param) => [param.name, structuredClone(param.default)]));
}

/** Parameters by the section of the form that they belong to, in the order in which sections first appear. */
export function groupParams(all: readonly Param[]): readonly { name: string | null; params: readonly Param[] }[] {
  const groups = new Map<string | null, Param[]>([[null, []]]);
  for (const param of all) {
    const name = param.group ?? null;
    groups.set(name, [...(groups.get(name) ?? []), param]);
  }
  return [...groups].map(([name, params]) => ({ name, params })).filter((group) => group.params.length > 0);
}
