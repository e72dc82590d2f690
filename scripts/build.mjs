// Bundles the command line and the runner: code splitting, so that a fast command loads little; source maps, so that a stack names the sources.
import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

await import("./generate.mjs");
const root = fileURLToPath(new URL("..", import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none",
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: "warning",
};
// What people wait for is a file without anything it does not need: `copse.js` lists tasks, `run.js` submits one;
// the rest is loaded from beside them when it is asked for.
const beside = {
  name: "beside",
  setup(bundler) {
    bundler.onResolve({ filter: /\/(cold|run)\.ts$/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: `./${path.split("/").at(-1).replace(".ts", ".js")}`, external: true } : undefined,
    );
  },
};
await Promise.all([
  ...["copse", "run"].map((name) =>
    build({
      ...common,
      minifyIdentifiers: true,
      entryPoints: { [name]: name === "copse" ? "src/main.ts" : "src/cli/commands/run.ts" },
      outdir: "dist",
      plugins: [beside],
    }),
  ),
  build({
    ...common,
    entryPoints: { cold: "src/cli/cold.ts", runner: "src/runner/main.ts" },
    outdir: "dist",
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
  }),
]);
chmodSync(`${root}dist/copse.js`, 0o755);
