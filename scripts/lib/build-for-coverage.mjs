/**
 * Builds dist/ with a file for each source instead of the bundle: coverage maps one source to one file without guessing.
 * Same entry points, same behaviour, packages from node_modules. `npm test -- --coverage` alone uses it and puts the bundle back afterwards.
 */
import { chmodSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { root } from "./ready.mjs";

const keepApart = {
  name: "keep-apart",
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ path, kind }) =>
      kind === "entry-point" ? undefined : { path: path.replace(/\.ts$/, ".js"), external: true },
    );
  },
};

export async function buildForCoverage() {
  await import("../generate.mjs");
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  const sources = readdirSync(join(root, "src"), { recursive: true }).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: sources.map((name) => join("src", name)),
    outbase: "src",
    outdir: "dist",
    bundle: true,
    packages: "external",
    plugins: [keepApart],
    format: "esm",
    platform: "node",
    target: "node20.19",
    sourcemap: true,
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
    logLevel: "warning",
  });
  writeFileSync(join(dist, "copse.cjs"), '#!/usr/bin/env node\nimport("./main.js");\n');
  writeFileSync(join(dist, "runner.cjs"), 'import("./runner/main.js");\n');
  chmodSync(join(dist, "copse.cjs"), 0o755);
}
