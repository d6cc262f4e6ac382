// SPDX-License-Identifier: Apache-2.0
/** What may be written at a place of the text: members of the format, actions, and parameters by the metadata. */
import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import type { Action } from "@/api/types";
import type { Format } from "@/features/definition";

const rootMembers = ["name", "version", "description", "parameters", "settings", "steps", "outputs"];
const stepMembers = ["id", "name", "action", "params", "depends_on", "condition", "on_failure", "retry", "timeout_seconds", "effect", "on_interrupt", "outputs"];
const settingMembers = ["timeout_seconds", "fail_fast", "max_parallel_steps", "retry_policy", "skip_propagation"];
const words: Record<string, readonly string[]> = {
  on_failure: ["fail", "continue", "retry"],
  effect: ["idempotent", "once"],
  on_interrupt: ["retry"],
  skip_propagation: ["none", "all"],
};

const indentOf = (line: string): number => /^[ -]*/.exec(line)?.[0].length ?? 0;
const keyOfLine = (line: string): string | null => /^[\s-]*"?([\w-]+)"?\s*:/.exec(line)?.[1] ?? null;

/** The members around a line, the nearest first, by their indentation. */
export function parentsOf(lines: readonly string[], at: number, indent: number): readonly string[] {
  const parents: string[] = [];
  let limit = indent;
  for (let index = at - 1; index >= 0 && limit > 0; index--) {
    const line = lines[index] ?? "";
    const key = keyOfLine(line);
    const own = indentOf(line);
    if (!key || own >= limit) continue;
    parents.push(key);
    limit = own;
  }
  return parents;
}

/** The action of the step that a line belongs to. */
export function actionAround(lines: readonly string[], at: number): string | null {
  const read = (line: string) => /^[\s-]*"?action"?\s*:\s*"?([\w]+)/.exec(line)?.[1] ?? null;
  const starts = (line: string) => /^\s*-\s/.test(line);
  for (let index = at; index >= 0; index--) {
    const found = read(lines[index] ?? "");
    if (found) return found;
    if (starts(lines[index] ?? "")) break;
  }
  for (let index = at + 1; index < lines.length && !starts(lines[index] ?? ""); index++) {
    const found = read(lines[index] ?? "");
    if (found) return found;
  }
  return null;
}

/** `ending` is what stands behind the name of a member. */
function membersAt(parents: readonly string[], action: Action | undefined, ending: string): readonly Completion[] {
  const plain = (names: readonly string[]) => names.map((label): Completion => ({ label, type: "property", apply: `${label}${ending}` }));
  const [nearest] = parents;
  if (nearest === undefined) return plain(rootMembers);
  if (nearest === "steps") return plain(stepMembers);
  if (nearest === "settings") return plain(settingMembers);
  if (nearest === "retry" || nearest === "retry_policy") return plain(["max_attempts", "backoff_seconds", "backoff_multiplier", "max_backoff_seconds"]);
  if (nearest === "parameters") return plain(["name", "type", "description", "required", "default"]);
  if (nearest === "params" && action)
    return action.params.map((param): Completion => ({ label: param.name, type: "property", detail: param.type, info: param.description ?? param.label, apply: `${param.name}${ending}` }));
  return [];
}

/** The name of a member that is being written: what is written of it, and where its line's own text begins. */
function memberOf(before: string, format: Format): { typed: string; indent: number } | null {
  const found = (format === "json" ? /^([\s{,]*)"([\w-]*)$/ : /^([\s-]*)([\w-]*)$/).exec(before);
  return found && { typed: found[2] ?? "", indent: indentOf(found[1] ?? "") };
}

/** A source of completions: members by what is around them, and the values of those that have a few. */
export function completeDefinition(byType: ReadonlyMap<string, Action>, format: Format) {
  return (context: CompletionContext): CompletionResult | null => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    const value = /^[\s-]*"?([\w-]+)"?\s*:\s*"?([\w]*)$/.exec(before);
    if (value) {
      const [, key = "", typed = ""] = value;
      const options = key === "action"
        ? [...byType.values()].map((action): Completion => ({ label: action.type, detail: action.name, info: action.description, type: "class" }))
        : (words[key] ?? []).map((label): Completion => ({ label, type: "enum" }));
      return options.length ? { from: context.pos - typed.length, options } : null;
    }
    const member = memberOf(before, format);
    if (!member || (format === "yaml" && member.typed === "" && !context.explicit)) return null;
    const lines = context.state.doc.toString().split("\n");
    const at = line.number - 1;
    const isClosed = line.text.slice(context.pos - line.from).startsWith('"');
    const options = membersAt(parentsOf(lines, at, member.indent), byType.get(actionAround(lines, at) ?? ""), format === "yaml" ? ": " : isClosed ? "" : '": ');
    return options.length ? { from: context.pos - member.typed.length, options } : null;
  };
}
