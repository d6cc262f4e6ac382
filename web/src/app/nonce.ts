// SPDX-License-Identifier: Apache-2.0

/** What a style element made at run time must carry: the policy of the page lets no other in. */
export function cspNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
}
