// SPDX-License-Identifier: Apache-2.0
/** The actions that a person likes to have at hand, kept in this browser. */
import { useSyncExternalStore } from "react";

const key = "budpipeline.favourites";
const listeners = new Set<() => void>();

function read(): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return new Set(Array.isArray(stored) ? stored.filter((type): type is string => typeof type === "string") : []);
  } catch {
    return new Set();
  }
}

let current = read();

export function toggleFavourite(type: string): void {
  const next = new Set(current);
  if (!next.delete(type)) next.add(type);
  current = next;
  localStorage.setItem(key, JSON.stringify([...next]));
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useFavourites = (): ReadonlySet<string> => useSyncExternalStore(subscribe, () => current);
