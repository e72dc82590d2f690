/**
 * Bundles the command line and the runner. Each `import()` begins a file of its own with all it needs (`dist/cli/commands/show.cjs`), so that
 * a command loads nothing that is another's. They are CommonJS: Node 20 takes 6 to 8 ms to get its other loader ready and 1 to 2 ms more for each file.
 */
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

await import("./generate.mjs");
const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
/** What is large and used by many commands (packages, and the checker of configurations): files of their own however they are imported, instead of a copy in each. */
const shared = ["src/git/git.ts", "src/system/command.ts", "src/store/config.ts", "src/store/lock.ts"].map((name) => join(root, name));
rmSync(dist, { recursive: true, force: true });
const built = new Map();
/** Folders of the packages that are in the bundle. */
const packages = new Set();
await Promise.all([
  bundle(join(root, "src", "main.ts"), join(dist, "copse.cjs")),
  bundle(join(root, "src", "runner", "main.ts"), join(dist, "runner.cjs")),
  bundlePage(join(root, "src", "web", "page"), join(dist, "ui")),
]);
chmodSync(join(dist, "copse.cjs"), 0o755);
writeFileSync(join(dist, "LICENSES.txt"), licences());

/** The licences of all that is in the bundle, as they ask for: each text once, with the packages it is of. */
function licences() {
  const texts = new Map();
  for (const folder of [...packages].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? `${license}, as its package.json says.` : readFileSync(join(root, folder, file), "utf8").trim();
    texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...texts].map(([text, names]) => `${names.join(", ")}\n\n${text}\n`).join(`\n${"=".repeat(80)}\n\n`);
}

/** Bundles `source`, then what it imports dynamically, each beside the others. */
async function bundle(source, outfile) {
  if (built.has(source)) return;
  built.set(source, outfile);
  const later = [];
  const apart = {
    name: "apart",
    setup({ onResolve, onLoad }) {
      // Of the package's own description only the version is asked for; many files have it.
      onLoad({ filter: /package\.json$/ }, ({ path }) =>
        path === join(root, "package.json")
          ? { contents: JSON.stringify({ version: JSON.parse(readFileSync(path, "utf8")).version }), loader: "json" }
          : undefined,
      );
      onResolve({ filter: /^\..*\.ts$/ }, ({ kind, path, resolveDir }) => {
        const target = resolve(resolveDir, path);
        if (kind !== "dynamic-import" && (!shared.includes(target) || target === source)) return undefined;
        if (!existsSync(target)) return undefined;
        const file = join(dist, relative(join(root, "src"), target).replace(/\.ts$/, ".cjs"));
        later.push([target, file]);
        return { path: `./${relative(dirname(outfile), file)}`, external: true };
      });
    },
  };
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20.19",
    sourcemap: true,
    sourcesContent: false,
    legalComments: "none",
    minify: true,
    logLevel: "warning",
    format: "cjs",
    entryPoints: [source],
    outfile,
    plugins: [apart],
    // `require()` in its place: the other loader would be started for it.
    supported: { "dynamic-import": false },
    define: { "import.meta.dirname": "__dirname", "import.meta.url": "importMetaUrl" },
    alias: {
      "@modelcontextprotocol/server/_shims": join(root, "scripts", "lib", "mcp-shims.js"),
      // Its other build asks for its parts in a way that no bundler follows.
      "jsonc-parser": "jsonc-parser/lib/esm/main.js",
      // Its build for node cannot be thinned out.
      yaml: join(root, "node_modules", "yaml", "browser", "dist", "index.js"),
    },
    inject: [join(root, "scripts", "lib", "import-meta-url.js")],
  });
  remember(metafile);
  await Promise.all(later.map(([target, file]) => bundle(target, file)));
}

/** The dashboard's page: for browsers, in one file, with nothing inline and nothing from elsewhere. */
async function bundlePage(source, outdir) {
  const { metafile } = await build({
    metafile: true,
    absWorkingDir: root,
    bundle: true,
    platform: "browser",
    target: ["es2022"],
    format: "esm",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    jsx: "automatic",
    jsxImportSource: "preact",
    entryPoints: { page: join(source, "main.tsx"), style: join(source, "style.css") },
    outdir,
  });
  copyFileSync(join(source, "index.html"), join(outdir, "index.html"));
  remember(metafile);
}

/** Which packages a bundle holds. */
function remember({ inputs }) {
  for (const input of Object.keys(inputs)) {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (folder !== undefined) packages.add(folder);
  }
}
