// SPDX-License-Identifier: Apache-2.0
/** Time as a distance: round ticks for an axis, and where a moment stands on it. */

const units = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5];

/** The distance between two ticks so that at most `most` of them fit into `lengthMs`. */
export function tickStep(lengthMs: number, most: number): number {
  const wanted = lengthMs / Math.max(1, most);
  const unit = units.find((candidate) => candidate >= wanted);
  return unit ?? Math.ceil(wanted / 864e5) * 864e5;
}

/** Ticks from 0 up to `lengthMs`. */
export function ticksOf(lengthMs: number, most: number): readonly number[] {
  const step = tickStep(lengthMs, most);
  return Array.from({ length: Math.floor(lengthMs / step) + 1 }, (_, index) => index * step);
}

/** Where a span stands on an axis, in percent of it; never thinner than can be seen. */
export function placeOf(from: number, to: number, start: number, lengthMs: number): { left: number; width: number } {
  const scale = 100 / Math.max(1, lengthMs);
  const left = Math.min(99.6, Math.max(0, (from - start) * scale));
  return { left, width: Math.min(100 - left, Math.max(0.4, (to - from) * scale)) };
}
