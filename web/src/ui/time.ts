// SPDX-License-Identifier: Apache-2.0

const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "3 minutes ago". */
export function formatRelative(at: number, now: number): string {
  const seconds = Math.round((at - now) / 1000);
  for (const [unit, size] of units) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return Math.abs(seconds) < 10 ? "just now" : relative.format(seconds, "second");
}

/** "850 ms", "12.4 s", "3 m 20 s", "2 h 5 m", "4 d 2 h". */
export function formatDuration(ms: number): string {
  if (ms < 0) return "0 ms";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const [large, small, size, names] =
    seconds < 3600
      ? [seconds / 60, seconds % 60, 1, ["m", "s"]]
      : seconds < 86_400
        ? [seconds / 3600, seconds % 3600, 60, ["h", "m"]]
        : [seconds / 86_400, seconds % 86_400, 3600, ["d", "h"]];
  return `${Math.floor(large)} ${names[0]} ${Math.floor(small / size)} ${names[1]}`;
}
