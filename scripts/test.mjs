/**
 * `npm test`: every test/**\/*.test.ts, each as a process of its own, as many at once as there are cores, each with a time limit.
 * Installs and builds first where that is needed, and compiles each test to one file (lib/bundle-tests.mjs). The last line says `N passed, N failed`, counted in test cases.
 *   npm test                     all but test/crash, test/real-agents, test/browser and test/soak, which have commands of their own
 *   npm run test:soak            the long ones: crowds, 100k files, races to start, faults at every step (test/soak)
 *   npm test -- queue run.test   files whose path contains one of the words
 *   npm test -- --coverage       with coverage of src/, through the bundle's source maps
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { bundleTests } from "./lib/bundle-tests.mjs";
import { berries, managers, pinned } from "./lib/pinned.mjs";
import { processesWith } from "./lib/processes.mjs";
import { build, ensureInstalled, root } from "./lib/ready.mjs";

/** Time limit of a file; coverage makes each process about twice as slow. */
const soak = process.argv.includes("--soak");
const limitMs = (Number(process.env.COPSE_TEST_LIMIT_SECONDS) || (soak ? 900 : process.argv.includes("--coverage") ? 240 : 120)) * 1000;
const leastLines = 80;
/** Of the long tests those that run with coverage as well, in `npm run check`: each walks through a part of the code that no shorter one does. */
const alsoCovered = ["deliver", "deps-campaign", "deps-cli", "leftovers", "results", "ui-levers", "ui-stream"].map(
  (name) => `test/soak/${name}.test.ts`,
);
/** Runs in a browser only, so it cannot be seen from here: test/browser walks through it. */
const inBrowser = (name) => name.startsWith("web/page/") && !name.startsWith("web/page/pure/");
const own = ["test/crash/", "test/real-agents/", "test/soak/", "test/browser/"];
const timesFile = join(root, ".cache", "test-seconds.json");

const args = process.argv.slice(2);
const coverage = args.includes("--coverage");
const words = args.filter((arg) => !arg.startsWith("--"));
const unknown = args.find((arg) => arg.startsWith("--") && arg !== "--coverage" && arg !== "--soak");
if (unknown !== undefined) {
  process.stderr.write(`unknown option ${unknown}; there are --coverage and words to choose files by\n`);
  process.exit(2);
}

ensureInstalled();
if (coverage) await (await import("./lib/build-for-coverage.mjs")).buildForCoverage();
else await build();

const times = readTimes();
const files = chosen();
const given = givenManagers();
// All temporary files of the run go into one folder, so that what is left behind is known to be ours.
const temp = realpathSync(mkdtempSync(join(tmpdir(), "copse-run-")));
const bundleDir = "bundled-tests";
const cpuAtEnd = join(root, "scripts", "lib", "cpu-at-end.cjs");
const coverageDir = join(root, "coverage", "raw");
if (coverage) {
  rmSync(join(root, "coverage"), { recursive: true, force: true });
  mkdirSync(coverageDir, { recursive: true });
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => leave(signal));
const running = new Set();

const startedAt = performance.now();
const bundles = coverage ? undefined : await bundleTests(files, join(temp, bundleDir)).catch(cannotRun);
const results = await inParallel(files, Number(process.env.COPSE_TEST_JOBS) || availableParallelism() + (soak ? 0 : 2), runFile);
const left = leftovers();
rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
writeTimes();
const covered = coverage ? report() : true;
if (coverage) await build();

const sum = (key) => results.reduce((total, result) => total + result[key], 0);
const [passed, failed, skipped] = [sum("passed"), sum("failed") + left.length, sum("skipped")];
for (const one of left) process.stdout.write(`left behind: ${one}\n`);
for (const { file } of results.filter((result) => result.failed > 0)) process.stdout.write(`failed: ${file}; alone: npm test -- ${file}\n`);
if (passed + failed === 0) process.stdout.write(`no test ran${words.length > 0 ? `: no file is named like ${words.join(", ")}` : ""}\n`);
if (!covered) process.stdout.write(`coverage is below ${leastLines} % of lines; see coverage/index.html\n`);
const cpu = sum("cpu") > 0 ? `, ${Math.round(sum("cpu"))} s of CPU without the runners` : "";
process.stdout.write(`${results.length} files in ${seconds(performance.now() - startedAt)}${cpu}, on Node ${process.version}\n`);
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exit(passed > 0 && failed === 0 && covered ? 0 : 1);

/** Slowest first, as far as known from last time. */
function chosen() {
  const all = readdirSync(join(root, "test"), { recursive: true })
    .map((name) => `test/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".test.ts"));
  const wanted = soak
    ? all.filter((name) => name.startsWith("test/soak/") && (words.length === 0 || words.some((word) => name.includes(word))))
    : words.length === 0
      ? all.filter((name) => !own.some((dir) => name.startsWith(dir)) || (coverage && alsoCovered.includes(name)))
      : all.filter((name) => words.some((word) => name === word || (name.includes(word) && !own.some((dir) => name.startsWith(dir)))));
  return wanted.sort((a, b) => (times[b] ?? 0) - (times[a] ?? 0) || (a < b ? -1 : 1));
}

/** The compiler has said by then which file it cannot read. */
function cannotRun() {
  rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  process.stdout.write("the tests cannot be compiled; the file is named above\n0 passed, 1 failed\n");
  process.exit(1);
}

/** pnpm and yarn for the tests that drive them; without them those are skipped, which is said here and counted at the end. */
function givenManagers() {
  const folders = [
    ["COPSE_TEST_MANAGERS", "managers", managers, "test/soak/deps-managers.test.ts"],
    ["COPSE_TEST_BERRY", "berry", berries, "test/soak/deps-berry.test.ts"],
  ].filter(([name, , , file]) => !process.env[name] && files.includes(file));
  try {
    return Object.fromEntries(folders.map(([name, folder, packages]) => [name, pinned(folder, packages)]));
  } catch (error) {
    process.stdout.write(
      `\n!!!! ${error.message}\n!!!! The tests of copse deps with pnpm and yarn are SKIPPED; they need the npm registry once.\n\n`,
    );
    return {};
  }
}

async function inParallel(items, most, work) {
  const results = [];
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) results.push(await work(item));
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return results;
}

/** One file in a process group of its own; at the time limit the group is killed. */
function runFile(file) {
  return new Promise((resolve) => {
    const begun = performance.now();
    const env = { ...process.env, ...given, TMPDIR: temp, COPSE_TEST_RUN: temp };
    for (const name of ["FORCE_COLOR", "NODE_V8_COVERAGE"]) delete env[name];
    if (coverage) env.NODE_V8_COVERAGE = coverageDir;
    const how = bundles === undefined ? ["--import", "tsx", file] : ["--enable-source-maps", bundles.get(file)];
    const child = spawn(process.execPath, ["--require", cpuAtEnd, ...how], {
      cwd: root,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child.pid);
    const output = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child.pid);
    }, limitMs);
    child.once("exit", () => {
      clearTimeout(timer);
      // Something that was left holds the pipe: it is found by the look for leftovers.
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 2000).unref();
    });
    child.once("close", (code, signal) => {
      running.delete(child.pid);
      const text = Buffer.concat(output)
        .toString()
        .replace(/\u001b\[[\d;]*m/g, "");
      const cpu = Number(/^ {2}CPU: ([\d.]+)$/m.exec(text)?.[1] ?? 0);
      const result = { file, ...counts(text), cpu, ms: performance.now() - begun };
      const why = late
        ? `took longer than ${limitMs / 1000} s and was killed`
        : signal !== null
          ? `was ended by ${signal}`
          : text.includes("Exiting early before testing is finished")
            ? "left before its last test"
            : result.total === 0
              ? "ran no test (is test.run() at its end?)"
              : code !== 0 && result.failed === 0
                ? `exited with code ${code}`
                : undefined;
      if (why !== undefined) result.failed += 1;
      times[file] = Math.round(result.ms) / 1000;
      const ok = result.failed === 0;
      process.stdout.write(
        `${ok ? "ok  " : "FAIL"}  ${file}  ${result.passed} passed${result.failed > 0 ? `, ${result.failed} failed` : ""}${result.skipped > 0 ? `, ${result.skipped} skipped` : ""}  ${seconds(result.ms)}${cpu > 0 ? ` (CPU ${cpu.toFixed(1)} s)` : ""}${why === undefined ? "" : `  ${why}`}\n`,
      );
      if (!ok) process.stdout.write(`${text.trimEnd().replace(/^/gm, "      ")}\n`);
      resolve(result);
    });
  });
}

/** uvu's own figures; a file may print more than one set. */
function counts(text) {
  const all = (name) => [...text.matchAll(new RegExp(`^ +${name}: +(\\d+)$`, "gm"))].reduce((total, [, n]) => total + Number(n), 0);
  const [total, passed, skipped] = [all("Total"), all("Passed"), all("Skipped")];
  return { total, passed, skipped, failed: total - passed };
}

/** What no test may leave: a process with a sandbox's mark, a folder in the temporary folder. */
function leftovers() {
  const processes = new Map();
  for (const mark of [`TEST_SANDBOX=${temp}/`, `COPSE_TEST_RUN=${temp}\0`])
    for (const one of processesWith(mark)) processes.set(one.pid, `process ${one.pid}: ${one.command}`);
  for (const pid of processes.keys()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone in between.
    }
  }
  const folders = readdirSync(temp).filter((name) => name !== bundleDir && !/^(tsx-\d+|node-compile-cache|copse-cache)$/.test(name));
  return [...processes.values(), ...folders.map((name) => `folder ${name} in the temporary folder`)];
}

/** Files below three quarters of their lines are named; the rest is in coverage/index.html. */
function report() {
  const reports = join(root, "coverage");
  // Without --all, which counts a file as untouched when its coverage comes through a source map (c8 12); what was never loaded is counted here.
  const options = [
    "--temp-directory",
    coverageDir,
    "--reports-dir",
    reports,
    "--src",
    "src",
    "--include",
    "src/**/*.ts",
    "--exclude-after-remap",
  ];
  const c8 = join(root, "node_modules", "c8", "bin", "c8.js");
  const done = spawnSync(process.execPath, [c8, "report", ...options, "--merge-async", "-r", "json-summary", "-r", "html"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  rmSync(coverageDir, { recursive: true, force: true });
  process.stdout.write(`${done.stdout}${done.stderr}`);
  if (done.status !== 0) return false;
  const seen = JSON.parse(readFileSync(join(reports, "coverage-summary.json"), "utf8"));
  let [all, hit] = [0, 0];
  for (const name of readdirSync(join(root, "src"), { recursive: true }).sort()) {
    if (!name.endsWith(".ts") || name.endsWith(".d.ts") || inBrowser(name)) continue;
    const lines = seen[join(root, "src", name)]?.lines ?? unloaded(join(root, "src", name));
    all += lines.total;
    hit += lines.covered;
    if (lines.total > 0 && lines.covered / lines.total < 0.75)
      process.stdout.write(`coverage  src/${name}  ${percent(lines.covered, lines.total)} of ${lines.total} lines\n`);
  }
  process.stdout.write(`coverage of src/: ${percent(hit, all)} of ${all} lines (at least ${leastLines} % wanted)\n`);
  return hit / all >= leastLines / 100;
}

/** A file of types alone is never loaded and has nothing to cover. */
function unloaded(file) {
  const text = readFileSync(file, "utf8");
  const total = /^(?:export )?(?:async )?(?:function|const|let|class) /m.test(text) ? text.split("\n").length : 0;
  return { total, covered: 0 };
}

function percent(part, whole) {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function leave(signal) {
  for (const pid of running) killGroup(pid);
  leftovers();
  rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  process.exit(signal === "SIGINT" ? 130 : 143);
}

function readTimes() {
  try {
    return JSON.parse(readFileSync(timesFile, "utf8"));
  } catch {
    return {};
  }
}

function writeTimes() {
  mkdirSync(join(root, ".cache"), { recursive: true });
  writeFileSync(timesFile, JSON.stringify(times));
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}
