// SPDX-License-Identifier: Apache-2.0

/** A key for Idempotency-Key: 128 random bits. Also where the page did not come over a secure connection, which
 * crypto.randomUUID() asks for. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
