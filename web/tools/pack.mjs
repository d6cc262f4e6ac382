// SPDX-License-Identifier: Apache-2.0
// pack.mjs DIST C BIN: the files of a built application as a table in C and the bytes that it points into. The table
// includes the bytes by a path that whoever copies them fills in (@BUNDLE@).
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const mediaTypes = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".woff2": "font/woff2",
  ".png": "image/png",
};
const packed = new Set([".woff2", ".png"]);
const [dist, source, data] = process.argv.slice(2);

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}

const parts = [];
let end = 0;

function place(bytes) {
  const at = end;
  parts.push(bytes);
  end += bytes.length;
  return `bp_editor_blob + ${at}, ${bytes.length}`;
}

/** Compressed forms count only where they save something, and never for the page that is filled in. */
function forms(path, bytes) {
  if (packed.has(extname(path)) || path === "index.html") return ["NULL, 0", "NULL, 0"];
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
  return [gzipSync(bytes, { level: 9 }), brotli].map((form) => (form.length < bytes.length ? place(form) : "NULL, 0"));
}

function row(path) {
  const bytes = readFileSync(join(dist, path));
  const mediaType = mediaTypes[extname(path)];
  if (!mediaType || !/^[\w./-]+$/.test(path)) throw new Error(`${path}: what is this?`);
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  const plain = place(bytes);
  return `        {"${path}", "${mediaType}", "\\"${etag}\\"", ${path.startsWith("assets/")},\n         ${[plain, ...forms(path, bytes)].join(",\n         ")}},`;
}

const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const paths = [...walk(dist)].map((path) => relative(dist, path)).sort(byBytes);
const rows = paths.map(row);

writeFileSync(data, Buffer.concat(parts));
writeFileSync(
  source,
  `/* SPDX-License-Identifier: Apache-2.0 */
/* Made by web/tools/pack.mjs. */
#include "editor/editor.h"

extern const char bp_editor_blob[];
__asm__(".pushsection .rodata.bp_editor, \\"a\\"\\n"
        ".globl bp_editor_blob\\n.hidden bp_editor_blob\\n.balign 16\\n"
        "bp_editor_blob:\\n.incbin \\"@BUNDLE@\\"\\n.byte 0\\n.popsection");

static const struct bp_editor_file files[] = {
${rows.join("\n")}
};

const struct bp_editor_bundle bp_editor_bundle = {files, sizeof(files) / sizeof(files[0])};
`,
);
