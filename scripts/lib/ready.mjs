/** Makes a checkout ready by itself: dependencies as the lock file says, generated code, the bundle. Does nothing that is done already. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs `npm ci` when node_modules is not what package-lock.json asks for. Contents decide, not dates: a fresh checkout has fresh dates. */
export function ensureInstalled(say = (line) => process.stderr.write(`${line}\n`)) {
  const why = whyNotInstalled();
  if (why === undefined) return false;
  say(`${why}: npm ci`);
  const startedAt = performance.now();
  const done = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root, encoding: "utf8" });
  if (done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}${done.error ? `${done.error.message}\n` : ""}`);
    process.stderr.write("npm ci failed; the output above is npm's. Is the registry within reach (npm ping)?\n");
    process.exit(1);
  }
  say(`npm ci took ${Math.round((performance.now() - startedAt) / 1000)} s`);
  return true;
}

function whyNotInstalled() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return "node_modules is missing";
  const has = JSON.parse(readFileSync(installed, "utf8")).packages;
  const wants = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const differs = Object.entries(wants).find(([name, one]) => name !== "" && !one.optional && has[name]?.version !== one.version);
  return differs === undefined ? undefined : `node_modules differs from package-lock.json (${differs[0].replace("node_modules/", "")})`;
}

/** Writes the generated code and the bundle anew; both take about a second. */
export async function build() {
  await import("../build.mjs");
}

/** Builds only where there is no bundle, or one older than what it is made from. */
export async function ensureBuilt() {
  const bundle = join(root, "dist", "copse.cjs");
  const made = spawnSync(
    "find",
    ["src", "schema", "package.json", "scripts/build.mjs", "scripts/generate.mjs", "-newer", bundle, "-type", "f"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  if (
    existsSync(bundle) &&
    made.status === 0 &&
    made.stdout.split("\n").every((name) => name === "" || /^src\/(?:store|batch)\/generated\//.test(name))
  )
    return false;
  await build();
  return true;
}
