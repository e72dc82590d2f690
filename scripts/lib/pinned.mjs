/** Programs that tests and benches are held against, in pinned versions from npm, each set in a folder of its own below .cache/. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./ready.mjs";

const installMs = 240_000;

/** The package managers that npm does not bring along; the tests of `copse deps` run with them. */
export const managers = ["pnpm@10.34.9", "yarn@1.22.22"];
/** Yarn since 2 has the same name, so it has a folder of its own. */
export const berries = ["@yarnpkg/cli-dist@4.18.1"];
/** What `copse deps` is measured beside: the newest that runs on Node 20. */
export const checkUpdates = ["npm-check-updates@22.2.9"];

/** Installs what is not there yet. @returns the folder of their programs. @throws Error saying why they could not be had */
export function pinned(name, packages, say = (line) => process.stderr.write(`${line}\n`)) {
  const cache = join(root, ".cache", name);
  const bin = join(cache, "node_modules", ".bin");
  if (packages.every((one) => isThere(cache, one))) return bin;
  say(`installing ${packages.join(", ")} …`);
  // Beside it and renamed: a run that is killed leaves nothing that looks whole, and two at once do not meet.
  const beside = `${cache}.${process.pid}`;
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(beside, { recursive: true });
  const args = ["install", "--prefix", beside, "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", "--fetch-timeout=30000"];
  const npm = spawnSync("npm", [...args, ...packages], { encoding: "utf8", timeout: installMs });
  const isWhole = packages.every((one) => isThere(beside, one));
  if (isWhole && !packages.every((one) => isThere(cache, one))) {
    rmSync(cache, { recursive: true, force: true });
    renameSync(beside, cache);
  }
  rmSync(beside, { recursive: true, force: true });
  if (isWhole) return bin;
  const why = npm.error?.message ?? npm.stderr.trim().split("\n").slice(-3).join(" ");
  throw new Error(`${packages.join(", ")} could not be installed from the npm registry: ${why || `npm ended with ${npm.status}`}`);
}

function isThere(cache, one) {
  const at = one.lastIndexOf("@");
  const file = join(cache, "node_modules", one.slice(0, at), "package.json");
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version === one.slice(at + 1);
}
