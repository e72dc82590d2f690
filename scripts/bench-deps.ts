/**
 * `npm run bench:deps`: how long `copse deps` takes over fifteen outdated packages of npm's, one of which breaks a test, beside `npm-check-updates --doctor` over the same ones; in turns of one run, the
 * order changing. Both see the registry as it was on a day (test/support/pinned-registry.ts), with the same npm and the same warm cache of its, and checkouts that are installed already. What
 * each of them finds is looked at, too. --rounds=N (3), --limit=N for `copse deps --limit`.
 */
import { type ExecFileException, execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pinnedRegistry } from "../test/support/pinned-registry.ts";
import { builtCli, root } from "../test/support/sandbox.ts";
import { checkUpdates, pinned } from "./lib/pinned.mjs";

const target = 0.5;
const day = "2026-11-01";
const culprit: string = "qs";
/** What is installed, and the newest that `minor` allows on that day. */
const packages: Readonly<Record<string, readonly [from: string, to: string]>> = {
  ajv: ["8.0.0", "8.20.0"],
  async: ["3.1.0", "3.2.6"],
  chalk: ["4.0.0", "4.1.2"],
  debug: ["4.1.1", "4.4.3"],
  dotenv: ["16.0.0", "16.6.1"],
  glob: ["10.2.0", "10.5.0"],
  inherits: ["2.0.4", "2.0.4"],
  "js-yaml": ["4.0.0", "4.3.2"],
  lodash: ["4.17.15", "4.18.1"],
  "mime-types": ["2.1.24", "2.1.35"],
  minimist: ["1.2.5", "1.2.8"],
  qs: ["6.9.4", "6.17.1"],
  semver: ["7.3.0", "7.8.5"],
  uuid: ["8.1.0", "8.3.2"],
  ws: ["8.0.0", "8.22.1"],
  yargs: ["17.0.0", "17.7.3"],
};
/** Loads all of them, works for a second, waits for two; a list of thirty has to stay one. */
const testFile = `
const names = ${JSON.stringify(Object.keys(packages))};
for (const name of names) require(name);
const until = process.cpuUsage().user + 1e6;
while (process.cpuUsage().user < until) JSON.parse(JSON.stringify(names));
setTimeout(() => {
  const { a } = require("qs").parse(Array.from({ length: 30 }, (_, n) => "a[]=" + n).join("&"));
  if (Array.isArray(a) && a.length === 30) return;
  console.error("not ok: expected a list of 30, got " + JSON.stringify(a).slice(0, 60));
  process.exit(1);
}, 2000);
`;

interface Ran {
  readonly code: number;
  readonly ms: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[], cwd: string): Promise<Ran> {
  const startedAt = performance.now();
  return new Promise((resolve) =>
    execFile(file, args, { cwd, env, maxBuffer: 64 << 20 }, (error: ExecFileException | null, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), ms: performance.now() - startedAt, stdout, stderr }),
    ),
  );
}

async function must(file: string, args: readonly string[], cwd: string): Promise<Ran> {
  const ran = await run(file, args, cwd);
  if (ran.code === 0) return ran;
  throw new Error(`${file} ${args.join(" ")} exited ${ran.code}:\n${ran.stdout}${ran.stderr}`);
}

const versionsAt = (which: 0 | 1): Record<string, string> =>
  Object.fromEntries(Object.entries(packages).map(([name, versions]) => [name, `^${versions[which]}`]));
const manifestWith = (dependencies: Readonly<Record<string, string>>): string =>
  `${JSON.stringify({ name: "project", version: "1.0.0", private: true, scripts: { test: "node test.js" }, dependencies }, null, 2)}\n`;
const dependenciesOf = (text: string): Record<string, string> =>
  (JSON.parse(text) as { dependencies: Record<string, string> }).dependencies;

/** A repository, locked to the older versions with the ranges of the manifest open, and installed; the cache has all newer ones as well. */
async function makeProject(): Promise<void> {
  mkdirSync(project);
  writeFileSync(join(project, ".gitignore"), "node_modules\n");
  writeFileSync(join(project, "test.js"), testFile);
  for (const which of [1, 0] as const) {
    rmSync(join(project, "node_modules"), { recursive: true, force: true });
    rmSync(join(project, "package-lock.json"), { force: true });
    const exact = Object.fromEntries(Object.entries(packages).map(([name, versions]) => [name, versions[which]]));
    writeFileSync(join(project, "package.json"), manifestWith(exact));
    await must("npm", ["install"], project);
  }
  writeFileSync(join(project, "package.json"), manifestWith(versionsAt(0)));
  await must("npm", ["install"], project);
  const locked = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"));
  for (const [name, [from]] of Object.entries(packages))
    if (locked.packages[`node_modules/${name}`].version !== from) throw new Error(`${name} is not locked to ${from}`);
  await must("git", ["init", "-q"], project);
  await must("git", ["add", "-A"], project);
  await must("git", ["commit", "-q", "-m", "project"], project);
  await must("npm", ["test"], project);
}

/** What each should come to: all but the culprit. */
function assertAll(who: string, text: string): void {
  const [has, wanted] = [dependenciesOf(text), { ...versionsAt(1), [culprit]: versionsAt(0)[culprit] }];
  const wrong = Object.keys(packages).filter((name) => has[name] !== wanted[name]);
  if (wrong.length > 0) throw new Error(`${who} came to ${wrong.map((name) => `${name} ${has[name]}`).join(", ")}`);
}

/** @returns its time in ms, and how many checks it took */
async function copseIn(repo: string): Promise<{ ms: number; checks: number }> {
  const limit = process.argv.find((arg) => /^--limit=\d+$/.test(arg));
  const ran = await must(process.execPath, [builtCli, "deps", "--json", ...(limit ? ["--limit", limit.slice(8)] : [])], repo);
  const { branch, checks, updates } = JSON.parse(ran.stdout) as {
    branch: string;
    checks: number;
    updates: { name: string; kept: boolean }[];
  };
  const gone = updates.filter(({ kept }) => !kept).map(({ name }) => name);
  if (gone.join() !== culprit) throw new Error(`copse deps reverted ${gone.join(", ") || "none"}`);
  assertAll("copse deps", (await must("git", ["show", `${branch}:package.json`], repo)).stdout);
  await must("git", ["switch", "-q", branch], repo);
  await must("npm", ["ci"], repo);
  await must("npm", ["test"], repo);
  return { ms: ran.ms, checks };
}

async function doctorIn(repo: string): Promise<{ ms: number }> {
  const ran = await must(join(doctor, "ncu"), ["--doctor", "-u", "--target", "minor"], repo);
  assertAll("npm-check-updates", readFileSync(join(repo, "package.json"), "utf8"));
  return { ms: ran.ms };
}

/** Copies are not deleted between rounds: that would make the file system slower for whoever is next. */
const copied = (name: string): string => {
  const to = join(box, name);
  cpSync(project, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  return to;
};

const middle = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] as number;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const rounds = Number(process.argv.find((arg) => /^--rounds=\d+$/.test(arg))?.slice(9) ?? 3);
const doctor = pinned("npm-check-updates", checkUpdates);
execFileSync(process.execPath, [join(import.meta.dirname, "build.mjs")], { stdio: "inherit" });
const box = realpathSync(mkdtempSync(join(tmpdir(), "copse-bench-")));
const [project, upstream] = [join(box, "project"), execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim()];
const registry = await pinnedRegistry(upstream.replace(/\/?$/, "/"), day, join(root, ".cache", `registry-${day}`));
writeFileSync(join(box, "gitconfig"), "[user]\n\tname = Bench\n\temail = bench@example.com\n[init]\n\tdefaultBranch = main\n");
const env: Record<string, string> = {
  PATH: process.env["PATH"] ?? [join(process.execPath, "..")].join(delimiter),
  HOME: box,
  LANG: "C.UTF-8",
  GIT_CONFIG_GLOBAL: join(box, "gitconfig"),
  GIT_CONFIG_NOSYSTEM: "1",
  COPSE_STATE_DIR: join(box, "state"),
  npm_config_registry: registry.url,
  npm_config_cache: join(box, "cache"),
  npm_config_audit: "false",
  npm_config_fund: "false",
  npm_config_update_notifier: "false",
};
try {
  await makeProject();
  const test = (await must("npm", ["test"], project)).ms;
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores (load ${loadavg()[0]?.toFixed(1)}), ${rounds} rounds, order alternating; npm test takes ${seconds(test)}`,
  );
  const shares: number[] = [];
  for (let n = 0; n < rounds; n++) {
    const before = n % 2 === 0 ? await copseIn(copied(`copse-${n}`)) : undefined;
    const theirs = await doctorIn(copied(`doctor-${n}`));
    const ours = before ?? (await copseIn(copied(`copse-${n}`)));
    shares.push(ours.ms / theirs.ms);
    console.log(
      `round ${n + 1}: copse deps ${seconds(ours.ms)} (${ours.checks} checks), npm-check-updates --doctor ${seconds(theirs.ms)}: ${(ours.ms / theirs.ms).toFixed(2)}; both reverted ${culprit} alone, the branch passes`,
    );
  }
  const share = middle(shares);
  console.log(
    `${share <= target ? "ok  " : "OVER"}  copse deps takes ${share.toFixed(2)} × npm-check-updates --doctor -u --target minor (target ${target}; ${shares.map((one) => one.toFixed(2)).join(", ")})`,
  );
  process.exitCode = share <= target ? 0 : 1;
} finally {
  await registry.close();
  rmSync(box, { recursive: true, force: true, maxRetries: 5 });
}
