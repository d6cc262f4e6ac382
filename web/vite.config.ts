// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** The paths of the service, for the development server: everything that is not the editor's own. */
const service = process.env["BUDPIPELINE_URL"] ?? "http://127.0.0.1:8010";
const paths = ["/actions", "/pipelines", "/executions", "/validate", "/openapi.json", "/health", "/ready"];

export default defineConfig({
  base: "/ui/",
  // The page is filled in with the path that the service is seen below; what it loads finds the rest from where it is.
  experimental: { renderBuiltUrl: (name, { hostType }) => (hostType === "html" ? `__PREFIX__/ui/${name}` : { relative: true }) },
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy: Object.fromEntries(paths.map((path) => [path, service])) },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
