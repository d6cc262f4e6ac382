// SPDX-License-Identifier: Apache-2.0
/** Keys of the editor. */

export type EditorKey = "undo" | "redo" | "copy" | "cut" | "paste" | "all" | "save" | "add" | "open" | "arrange" | "text" | "run" | "help";

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

const withControl: Record<string, EditorKey> = { z: "undo", y: "redo", c: "copy", x: "cut", v: "paste", a: "all", s: "save", Enter: "run" };
const plain: Record<string, EditorKey> = { a: "add", n: "add", Enter: "open", l: "arrange", t: "text", "?": "help" };

/** Those that count wherever the focus is, fields included. */
export const everywhere: ReadonlySet<EditorKey> = new Set(["save", "run"]);

/** What a key press asks for, or null. */
export function keyOf(event: Pressed): EditorKey | null {
  if (event.altKey) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return key === "z" && event.shiftKey ? "redo" : (withControl[key] ?? null);
  return event.shiftKey && key !== "?" ? null : (plain[key] ?? null);
}

/** What each key is called, for the help. */
export const keyHelp: readonly (readonly [string, string])[] = [
  ["A", "Add a step after the chosen one"],
  ["Enter", "Edit the chosen step"],
  ["Tab, arrow keys", "Go to the next step; move the chosen one"],
  ["Del", "Delete what is chosen"],
  ["Ctrl+C, Ctrl+X, Ctrl+V", "Copy, cut and paste steps, also between pipelines"],
  ["Ctrl+A", "Choose all steps"],
  ["Ctrl+Z, Ctrl+Shift+Z", "Undo and redo"],
  ["L", "Arrange all steps"],
  ["T", "Show or hide the text"],
  ["Ctrl+S", "Save"],
  ["Ctrl+Enter", "Run"],
  ["Esc", "Close the panel"],
  ["?", "These keys"],
];
