/** A test's own helper process as one plain file: many of them start at once, and each would load a compiler otherwise. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./sandbox.ts";

/** @returns the path of the bundled file, in a folder of its own. `source`: a file of this project, from its root. */
export async function bundled(source: string): Promise<string> {
  // Some programs ask whether they are the one that was started, which Node answers with the real path.
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "copse-bundled-")));
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  const outfile = join(dir, "helper.mjs");
  await build({
    absWorkingDir: root,
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    logLevel: "warning",
    banner: { js: 'import { createRequire as makeRequire } from "node:module"; const require = makeRequire(import.meta.url);' },
  });
  return outfile;
}
