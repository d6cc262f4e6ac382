// SPDX-License-Identifier: Apache-2.0

/** The path below which clients see the service (`http.public_url`), without a slash at its end; "" where it has none. The
 * page is filled in by the service; one of the development server is not. */
export const prefix = ((): string => {
  const written = globalThis.document?.querySelector<HTMLMetaElement>('meta[name="prefix"]')?.content ?? "";
  return written.startsWith("/") ? written : "";
})();
