/**
 * Makes each test one plain file with all it imports, for all of a run at once: a process that compiles and resolves two hundred sources by itself is ready a second later
 * (0.6 s of CPU; there are about a hundred of them). What is measured with coverage, and a file started by hand, goes through tsx as before.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { root } from "./ready.mjs";

/** A test finds the files beside it as if it ran where its source is. On the first line, so that no other line moves. */
const atItsPlace = {
  name: "at-its-place",
  setup({ onLoad }) {
    onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (!text.includes("import.meta.")) return undefined;
      const place = `const sourceUrl = ${JSON.stringify(pathToFileURL(path).href)}, sourceDir = ${JSON.stringify(dirname(path))};`;
      return { contents: `${place} ${text}`, loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
};

/** Programs in packages find their other parts by where they are. */
const stayWhereTheyAre = {
  name: "stay-where-they-are",
  setup({ onResolve }) {
    const require = createRequire(join(root, "package.json"));
    onResolve({ filter: /^(?:esbuild|playwright-core|axe-core)(?:\/|$)/ }, ({ path }) => ({
      path: pathToFileURL(require.resolve(path)).href,
      external: true,
    }));
  },
};

/** @param {string[]} files tests, from the project's root. @returns for each the file to start, in `dir`. */
export async function bundleTests(files, dir) {
  await build({
    absWorkingDir: root,
    entryPoints: files,
    outbase: root,
    outdir: dir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    jsx: "automatic",
    jsxImportSource: "preact",
    sourcemap: true,
    sourcesContent: false,
    define: { "import.meta.url": "sourceUrl", "import.meta.dirname": "sourceDir" },
    plugins: [atItsPlace, stayWhereTheyAre],
    // Its other build asks for its parts in a way that no bundler follows.
    alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" },
    banner: { js: 'import { createRequire as requireOfBundle } from "node:module"; const require = requireOfBundle(import.meta.url);' },
    logLevel: "warning",
  });
  return new Map(files.map((file) => [file, join(dir, dirname(file), `${basename(file, ".ts")}.mjs`)]));
}
