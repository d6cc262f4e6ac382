// SPDX-License-Identifier: Apache-2.0
/** Definitions as files: read and written. */
import { readText, toText } from "@/features/definition";
import type { Dag, Format, TextError } from "@/features/definition";

/** A file's name as a definition's name gives it: "weather-report.yaml". */
export function fileName(name: string, format: Format): string {
  const words = name.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return `${words || "pipeline"}.${format}`;
}

/** Lets the browser save a definition. */
export function download(name: string, dag: Dag, format: Format) {
  const url = URL.createObjectURL(new Blob([toText(dag, format)], { type: format === "json" ? "application/json" : "application/yaml" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName(name, format);
  link.click();
  URL.revokeObjectURL(url);
}

/** Whether a text is JSON rather than YAML, by its first sign. */
export const formatOf = (text: string): Format => (/^\s*[{[]/.test(text) ? "json" : "yaml");

/** A definition from a text of either kind. */
export function readDefinition(text: string): { dag: Dag | null; errors: readonly TextError[] } {
  const { dag, errors } = readText(text, formatOf(text));
  return { dag, errors };
}
