/**
 * `npm run test:browser`: the dashboard in a real browser (test/browser), one file after the other. It needs Chromium: `COPSE_TEST_CHROMIUM`, or one of the usual names on PATH. Where there is none,
 * on Debian as root (as in CI), Debian's own is installed; elsewhere that is said, and nothing has been tested.
 *   npm run test:browser -- whole      files whose name contains one of the words
 */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesWith } from "./lib/processes.mjs";
import { build, ensureInstalled, root } from "./lib/ready.mjs";

const fileMs = 240_000;
const installMs = 300_000;

ensureInstalled();
const chromium = findChromium() ?? installChromium();
if (chromium === undefined) {
  process.stderr.write(
    "No Chromium was found, so the dashboard has NOT been tested in a browser. Install one (Debian: apt-get install chromium), or name one by COPSE_TEST_CHROMIUM.\n",
  );
  process.stdout.write("0 passed, 1 failed\n");
  process.exit(1);
}
await build();
process.stdout.write(`browser: ${spawnSync(chromium, ["--version"], { encoding: "utf8" }).stdout.trim()} (${chromium})\n`);

const words = process.argv.slice(2);
const files = readdirSync(join(root, "test", "browser")).filter(
  (name) => name.endsWith(".test.ts") && (words.length === 0 || words.some((word) => name.includes(word))),
);
const temp = realpathSync(mkdtempSync(join(tmpdir(), "copse-browser-")));
let [passed, failed] = [0, 0];
for (const name of files.sort()) {
  const result = await runFile(name);
  passed += result.passed;
  failed += result.failed;
  process.stdout.write(
    `${result.failed === 0 ? "ok  " : "FAIL"}  test/browser/${name}  ${result.passed} passed, ${result.failed} failed  ${result.seconds} s\n`,
  );
  if (result.failed > 0) process.stdout.write(`${result.output.trimEnd().replace(/^/gm, "      ")}\n`);
}
for (const one of leftovers()) {
  process.stdout.write(`left behind: ${one}\n`);
  failed++;
}
rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
if (files.length === 0) failed++;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);

function findChromium() {
  const named = process.env.COPSE_TEST_CHROMIUM;
  if (named !== undefined && named !== "") return named;
  const places = (process.env.PATH ?? "")
    .split(":")
    .flatMap((dir) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(dir, name)));
  return ["/usr/bin/chromium", ...places].find(canRun);
}

function canRun(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Only where nobody minds: Debian, root. */
function installChromium() {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) return undefined;
  process.stdout.write("no Chromium here: installing Debian's …\n");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [
    ["update", "-q"],
    ["install", "-q", "-y", "--no-install-recommends", "chromium"],
  ])
    spawnSync("apt-get", args, { env, stdio: ["ignore", "ignore", "inherit"], timeout: installMs });
  return findChromium();
}

async function runFile(name) {
  const began = performance.now();
  const env = { ...process.env, TMPDIR: temp, COPSE_TEST_RUN: temp, COPSE_TEST_CHROMIUM: chromium };
  for (const one of ["FORCE_COLOR", "NODE_EXTRA_CA_CERTS"]) delete env[one];
  const child = spawn(process.execPath, ["--import", "tsx", join("test", "browser", name)], {
    cwd: root,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    process.kill(-child.pid, "SIGKILL");
  }, fileMs);
  const code = await new Promise((resolve) => child.on("exit", (status) => resolve(status)));
  clearTimeout(timer);
  const text = output.replace(/\u001b\[[\d;]*m/g, "");
  const count = (word) => Number(new RegExp(`^ +${word}: +(\\d+)$`, "m").exec(text)?.[1] ?? 0);
  if (late) output += `\ntook longer than ${fileMs / 1000} s and was killed\n`;
  // A skipped test is a failed one: nothing is left out in silence.
  const isWhole = code === 0 && count("Passed") > 0 && !text.includes("Exiting early before testing is finished");
  return {
    passed: count("Passed"),
    failed: Math.max(count("Total") - count("Passed"), isWhole ? 0 : 1),
    seconds: ((performance.now() - began) / 1000).toFixed(1),
    output: text,
  };
}

/** What no test may leave: a process with its mark, a folder in the temporary folder. */
function leftovers() {
  const found = new Map();
  for (const mark of [`TEST_SANDBOX=${temp}/`, `COPSE_TEST_RUN=${temp}\0`])
    for (const one of processesWith(mark)) found.set(one.pid, `process ${one.pid}: ${one.command}`);
  for (const pid of found.keys()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone in between.
    }
  }
  const folders = readdirSync(temp).filter((name) => !/^(tsx-\d+|node-compile-cache|copse-cache)$/.test(name));
  return [...found.values(), ...folders.map((name) => `folder ${name} in the temporary folder`)];
}
