// Runs the tests that drive the real Claude Code and the MCP inspector, one file after the other: pinned versions in a cache folder of this project, a scripted provider on loopback, no network besides.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./lib/ready.mjs";

const installMs = 240_000;
const fileMs = 180_000;
const allMs = 600_000;
const root = fileURLToPath(new URL("..", import.meta.url));
/** Both ask for a newer Node than 20 and run on it: Claude Code is no Node program once it is installed, and of the inspector only its command line is used. */
const claude = pinned("Claude Code", "@anthropic-ai/claude-code", "2.1.329", "claude");
const inspector = pinned("The MCP inspector", "@modelcontextprotocol/inspector", "2.12.0", "mcp-inspector");

if (process.argv[2] === "--inside") process.exit(await runFiles(process.argv.slice(3)));
for (const one of [claude, inspector]) install(one);
await build();
process.exit(await shutIn());

function pinned(title, name, version, bin) {
  const cache = join(root, ".cache", "agents", `${bin === "claude" ? bin : "inspector"}-${version}`);
  return { title, name, version, cache, program: join(cache, "node_modules", ".bin", bin) };
}

/** npm prefers older versions on Node 20 unless these are named; its warning about engines is expected. */
function install({ title, name, version, cache, program }) {
  if (versionIn(cache, name) === version && existsSync(program)) return;
  console.log(`installing ${name}@${version} …`);
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  const npm = spawnSync("npm", ["install", "--prefix", cache, "--no-audit", "--no-fund", "--loglevel=error", `${name}@${version}`], {
    stdio: ["ignore", "inherit", "inherit"],
    timeout: installMs,
  });
  const found = versionIn(cache, name);
  if (found === version && existsSync(program)) return;
  rmSync(cache, { recursive: true, force: true });
  const why = npm.error?.message ?? (npm.status === 0 ? `it reports version "${found}"` : `npm ended with ${npm.status ?? npm.signal}`);
  fail(`${title} ${version} could not be installed from the npm registry: ${why}. These tests need it, so they have not run.`);
}

/** What is installed there says so by running (Claude Code) or in its package. */
function versionIn(cache, name) {
  if (name === claude.name) return versionOf(claude.program);
  const file = join(cache, "node_modules", name, "package.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).version : "";
}

function versionOf(file) {
  if (!existsSync(file)) return "";
  return spawnSync(file, ["--version"], { encoding: "utf8", timeout: 30_000 }).stdout?.split(" ")[0] ?? "";
}

/** In a network namespace with nothing but loopback where the system allows that (Linux); else the recording proxy of the tests is the only guard. */
async function shutIn() {
  const self = [fileURLToPath(import.meta.url), "--inside", ...process.argv.slice(2)];
  const wayIn = process.getuid?.() === 0 ? ["-n"] : ["-rn"];
  const canShut =
    process.platform === "linux" && spawnSync("unshare", [...wayIn, "sh", "-c", "ip link set lo up"], { stdio: "ignore" }).status === 0;
  console.log(
    canShut
      ? "network: loopback only (own network namespace)"
      : "network: not shut off here; connections by proxy are recorded and refused",
  );
  if (!canShut) return await runFiles(process.argv.slice(2));
  const child = spawn("unshare", [...wayIn, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", process.execPath, ...self], {
    stdio: "inherit",
  });
  return await new Promise((resolve) => child.on("exit", (code) => resolve(code ?? 1)));
}

async function runFiles(wanted) {
  const dir = join(root, "test", "real-agents");
  const files = readdirSync(dir).filter(
    (name) => name.endsWith(".test.ts") && (wanted.length === 0 || wanted.some((word) => name.includes(word))),
  );
  const began = performance.now();
  let passed = 0;
  let failed = 0;
  for (const name of files.sort()) {
    const leftMs = allMs - (performance.now() - began);
    const result = await runFile(join(dir, name), Math.min(fileMs, leftMs));
    passed += result.passed;
    failed += result.failed;
    console.log(`${result.failed === 0 ? "ok  " : "FAIL"} ${name}  ${result.passed} passed, ${result.failed} failed  ${result.seconds} s`);
    if (result.failed > 0) console.log(result.output);
  }
  if (files.length === 0) failed++;
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function runFile(file, limitMs) {
  const began = performance.now();
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1);
  if (limitMs <= 0)
    return { passed: 0, failed: 1, seconds: seconds(), output: `no time was left: all together may take ${allMs / 1000} s` };
  const child = spawn(process.execPath, ["--import", "tsx", file], {
    cwd: root,
    env: { ...process.env, COPSE_TEST_CLAUDE: claude.program, COPSE_TEST_INSPECTOR: inspector.program, FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  // SIGTERM first: a test file ends what it started.
  const term = setTimeout(() => child.kill("SIGTERM"), limitMs);
  const kill = setTimeout(() => process.kill(-child.pid, "SIGKILL"), limitMs + 15_000);
  const code = await new Promise((resolve) => child.on("exit", (status) => resolve(status)));
  clearTimeout(term);
  clearTimeout(kill);
  const count = (word) => Number(new RegExp(`${word}:\\s+(\\d+)`).exec(output)?.[1] ?? 0);
  // A skipped test is a failed one: nothing is left out in silence.
  const passed = count("Passed");
  const isWhole = code === 0 && passed > 0 && !output.includes("Exiting early before testing is finished");
  const failed = Math.max(count("Total") - passed, isWhole ? 0 : 1);
  return { passed, failed, seconds: seconds(), output };
}

function fail(message) {
  console.error(message);
  console.log("0 passed, 1 failed");
  process.exit(1);
}
