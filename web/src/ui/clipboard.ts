// SPDX-License-Identifier: Apache-2.0
/** The clipboard. Browsers keep theirs from pages that came neither by HTTPS nor from this computer; these copy the old way,
 * and paste where the person's key brings the text along. */

/** Whether a page may read the clipboard on its own. */
export const canReadClipboard = (): boolean => typeof navigator.clipboard?.readText === "function";

/** By way of a selected text, as a person would. A dialog keeps the focus, so the text stands in it. */
function copyBySelecting(text: string): void {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr-only";
  (focused?.closest("[role=dialog]") ?? document.body).append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!isCopied) throw new Error("The browser does not let this page use the clipboard");
}

export async function copyText(text: string): Promise<void> {
  if (typeof navigator.clipboard?.writeText === "function") await navigator.clipboard.writeText(text);
  else copyBySelecting(text);
}
