// SPDX-License-Identifier: Apache-2.0
/** What may be written inside the braces of a template, at the place where one writes. Pure. */

/** A value that a template can reach: the path as it is written, and what it is. */
export interface Reference {
  path: string;
  about: string;
}

const plain = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** `steps.fetch.outputs.body`, or with brackets where a name is no plain word. */
export function pathOf(...names: readonly string[]): string {
  return names.reduce((path, name) => (path === "" ? name : plain.test(name) ? `${path}.${name}` : `${path}['${name.replaceAll("'", "\\'")}']`), "");
}

export interface Completion {
  /** From where the text is replaced up to the cursor. */
  from: number;
  options: readonly Reference[];
}

/** The start of the expression that the cursor is in, or null where it is in plain text. */
function expressionStart(text: string, cursor: number): number | null {
  const before = text.slice(0, cursor);
  const open = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (open < 0 || before.indexOf("}}", open) >= 0 || before.indexOf("%}", open) >= 0) return null;
  return open + 2;
}

const word = /[A-Za-z0-9_.[\]'-]*$/;

/** What can stand where the cursor is: references that contain what was typed, those that begin with it first. */
export function complete(text: string, cursor: number, references: readonly Reference[], most = 12): Completion | null {
  const start = expressionStart(text, cursor);
  if (start === null) return null;
  const typed = word.exec(text.slice(start, cursor))?.[0] ?? "";
  const wanted = typed.toLowerCase();
  const begins = references.filter((item) => item.path.toLowerCase().startsWith(wanted) && item.path !== typed);
  const contains = wanted.length < 2 ? [] : references.filter((item) => item.path.toLowerCase().indexOf(wanted) > 0);
  const options = [...begins, ...contains].slice(0, most);
  return options.length ? { from: cursor - typed.length, options } : null;
}

/** The text with a reference put in, and where the cursor then is: behind closing braces that were missing too. */
export function insertReference(text: string, cursor: number, from: number, path: string): { text: string; cursor: number } {
  const after = text.slice(cursor);
  const closed = /^\s*[^{]*?(\}\}|%\})/.test(after);
  const ending = closed ? "" : " }}";
  return { text: text.slice(0, from) + path + ending + after, cursor: from + path.length + ending.length };
}
