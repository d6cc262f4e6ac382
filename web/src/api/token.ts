// SPDX-License-Identifier: Apache-2.0
/** The bearer token of this tab, where the service demands one. It is forgotten when the tab is closed. */

const key = "budpipeline.token";
const listeners = new Set<() => void>();
let needed = false;

function tell() {
  for (const listener of listeners) listener();
}

export function token(): string | null {
  return sessionStorage.getItem(key);
}

export function setToken(value: string | null) {
  if (value) sessionStorage.setItem(key, value);
  else sessionStorage.removeItem(key);
  needed = false;
  tell();
}

/** The service refused the token, or the lack of one. */
export function demandToken() {
  if (needed) return;
  needed = true;
  tell();
}

export function tokenIsNeeded(): boolean {
  return needed;
}

export function onTokenChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
