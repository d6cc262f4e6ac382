// SPDX-License-Identifier: Apache-2.0
import type { Action } from "@/api/types";

/** How well an action answers a search: 0 not at all. Every word must be found somewhere; names count most. */
export function relevance(action: Action, words: readonly string[]): number {
  let sum = 0;
  for (const word of words) {
    const name = action.name.toLowerCase();
    const score = name.startsWith(word)
      ? 8
      : name.includes(word)
        ? 5
        : action.type.toLowerCase().includes(word)
          ? 4
          : action.category.toLowerCase().includes(word)
            ? 2
            : action.description.toLowerCase().includes(word)
              ? 1
              : 0;
    if (score === 0) return 0;
    sum += score;
  }
  return sum || 1;
}

/** The actions that answer a search, the best first; all of them, in their order, without one. */
export function searchActions(actions: readonly Action[], text: string): readonly Action[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return actions;
  return actions
    .map((action, index) => ({ action, index, score: relevance(action, words) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map((found) => found.action);
}
