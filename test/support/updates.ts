/** A repository with outdated packages from a registry on loopback, and a test of its own that some of the newer ones break. */
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Registry, registry } from "./registry.ts";
import { type Sandbox, sandbox } from "./sandbox.ts";

export interface Updates extends Sandbox {
  readonly registry: Registry;
  /** Tests that have begun, a line each: the updates that were in, joined by commas. */
  readonly tested: string;
  /** Runs a command in the repository. */
  run(command: readonly [string, ...string[]]): Promise<unknown>;
}

/** What its test does: writes down what is new, then fails when all of any of these are new. */
export const testFile = (names: readonly string[], conflicts: readonly (readonly string[])[]) => `
const { appendFileSync } = require("node:fs");
const isNew = (name) => require(name) !== "1.0.0";
appendFileSync(process.env.TESTED, ${JSON.stringify(names)}.filter(isNew).join(",") + "\\n");
for (const names of ${JSON.stringify(conflicts)})
  if (names.every(isNew)) { console.error("not ok: " + names.join(" and ") + " do not do what they did"); process.exit(1); }
`;

export interface Wanted {
  readonly names: readonly string[];
  /** Sets of packages that break the test when all of them are new. */
  readonly conflicts: readonly (readonly string[])[];
  /** Files of the repository, over those that are made here; given the registry's address, where they need it. */
  readonly files?: Readonly<Record<string, string>> | ((url: string) => Readonly<Record<string, string>>);
  /** Writes the first lockfile; npm unless said otherwise. */
  readonly lock?: readonly [string, ...string[]];
  /** Stands between the repository and the registry: given the address of one, the other's. */
  readonly through?: (url: string) => string;
  /** The sandbox it is made in; a new one unless said otherwise. */
  readonly into?: Sandbox;
}

const npmLock = ["npm", "install", "--package-lock-only", "--no-audit", "--no-fund"] as const;

export async function outdated({ names, conflicts, files = {}, lock = npmLock, through = (url) => url, into }: Wanted): Promise<Updates> {
  const packages = await registry();
  const box = into ?? (await sandbox());
  for (const name of names) {
    packages.add(name, "1.0.0");
    packages.add(name, "1.1.0");
  }
  const all = {
    "package.json": `${JSON.stringify({ name: "project", version: "1.0.0", private: true, scripts: { test: "node test.js" }, dependencies: Object.fromEntries(names.map((name) => [name, "1.0.0"])) }, null, 2)}\n`,
    "test.js": testFile(names, conflicts),
    ".npmrc": `registry=${through(packages.url)}\nfetch-retries=0\nfetch-timeout=3000\n`,
    ".gitignore": "node_modules\n",
    ...(typeof files === "function" ? files(through(packages.url)) : files),
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(box.repo, name)), { recursive: true });
    writeFileSync(join(box.repo, name), text);
  }
  const tested = join(box.dir, "tested");
  box.env["TESTED"] = tested;
  // Not the synchronous one: the registry is in this very process.
  const run: Updates["run"] = ([file, ...args]) => promisify(execFile)(file, args, { cwd: box.repo, env: box.env, timeout: 60_000 });
  await run(lock);
  box.git(["add", "-A"]);
  box.git(["commit", "-q", "-m", "project"]);
  return {
    ...box,
    registry: packages,
    tested,
    run,
    async close() {
      await box.close();
      await packages.close();
    },
  };
}
