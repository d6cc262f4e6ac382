// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { formatDuration, formatRelative } from "./time";

it.each([
  [0, "0 ms"],
  [850, "850 ms"],
  [9_940, "9.9 s"],
  [12_400, "12 s"],
  [200_000, "3 m 20 s"],
  [7_500_000, "2 h 5 m"],
  [352_800_000, "4 d 2 h"],
])("%d ms are %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

it.each([
  [-3, "just now"],
  [-42, "42 seconds ago"],
  [-180, "3 minutes ago"],
  [-90_000, "yesterday"],
  [7200, "in 2 hours"],
])("%d seconds from now is %s", (seconds, text) => expect(formatRelative(seconds * 1000, 0)).toBe(text));
