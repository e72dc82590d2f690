/**
 * `npm run try`: the main job, tried out on a machine with Node, npm and git only. Makes Copse ready, makes a sample project in a temporary folder,
 * does six tasks at once in it with small shell scripts as agents, shows what becomes of them, and leaves nothing running.
 *   --yes      asks nothing (and uses no account)
 *   --claude   besides, three of the tasks with the Claude Code that is logged in here, without asking; that costs money
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { processesWith } from "./lib/processes.mjs";
import { ensureBuilt, ensureInstalled, root } from "./lib/ready.mjs";

const tasks = [
  { label: "api-docs", prompt: "Document every exported function in docs/api.md", end: "completed" },
  { label: "auth-audit", prompt: "Audit all API endpoints for missing authentication checks. Output to auth-audit.md", end: "completed" },
  { label: "cart-tests", prompt: "Write a test for the cart", flags: ["--verify", "node test/cart.test.js"], end: "completed" },
  { label: "fix-rounding", prompt: "Totals are wrong by a cent: fix it", flags: ["--verify", "node check.js"], end: "completed" },
  { label: "old-ids", prompt: "Move the users to the new ids", end: "stopped" },
  { label: "lint", prompt: "Format what is not formatted", end: "completed" },
];
const forClaude = ["api-docs", "auth-audit", "cart-tests"];

const args = process.argv.slice(2);
const unknown = args.find((arg) => !["--yes", "--claude", "--help"].includes(arg));
if (unknown !== undefined || args.includes("--help")) {
  process.stdout.write(
    "npm run try [-- --yes] [-- --claude]\n  --yes      asks nothing\n  --claude   also three tasks with your Claude Code; costs money\n",
  );
  process.exit(unknown === undefined ? 0 : 2);
}

const terminal = process.stdout.isTTY === true && process.env.TERM !== "dumb";
const colour = terminal && !process.env.NO_COLOR;
const bold = (text) => (colour ? `\u001b[1m${text}\u001b[22m` : text);
const dim = (text) => (colour ? `\u001b[2m${text}\u001b[22m` : text);
const say = (text = "") => process.stdout.write(`${text}\n`);
const shown = (words) => words.map((word) => (/^[\w./@:=-]+$/.test(word) ? word : `"${word}"`)).join(" ");

say(bold("Copse: six coding tasks at once, three at a time, each in its own git worktree."));
say("The agents are small shell scripts: no account, no cost. All of it happens in one temporary folder.");
say();
await makeReady();
const box = realpathSync(mkdtempSync(join(tmpdir(), "copse-try-")));
const repo = join(box, "shop");
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:COPSE_|GIT_|FORCE_COLOR$|npm_(?!config_(?:registry|cache)))/.test(name)),
  ),
  COPSE_STATE_DIR: join(box, "state"),
  XDG_CONFIG_HOME: join(box, "config"),
};
makeProject();
say(`  ${dim("sample project")}  ${repo}`);
say();

let leaving = false;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => void leave(signal));
try {
  const well = await demo(tasks, ["--agent", "demo"]);
  if (await wantsClaude()) await withClaude();
  await goHome();
  sayWhere();
  const left = processesWith(`COPSE_STATE_DIR=${box}/state\0`);
  for (const { pid, command } of left) say(`Left running, which is a bug: process ${pid}, ${command}`);
  if (left.length === 0) say("Nothing is left running.");
  process.exit(well && left.length === 0 ? 0 : 1);
} catch (error) {
  // Ctrl-C ends the commands under way as well: that is no failure, and `leave` has the last word.
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (leaving) await new Promise(() => {});
  await goHome();
  process.stderr.write(`\n${error.message}\nThat should not have happened. What there is stays in ${box}; please report it.\n`);
  process.exit(1);
}

async function makeReady() {
  const startedAt = performance.now();
  const installed = ensureInstalled((line) => say(`  ${dim("dependencies  ")}  ${line}`));
  const built = await ensureBuilt();
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  say(
    `  ${dim("getting ready ")}  ${installed || built ? `${installed ? "installed and " : ""}built in ${seconds} s` : "was built already"}`,
  );
}

/** A shop with a rounding error in it, its own git identity, and a configuration with the demo's agent. */
function makeProject() {
  const files = {
    "package.json": '{ "name": "shop", "private": true, "type": "module" }\n',
    "src/cart.js":
      "/** The price of a cart, in cents. */\nexport function total(items) {\n  return items.reduce((sum, { price, count }) => sum + price * count, 0);\n}\n",
    "src/users.js":
      'const users = [{ user_id: 1, legacy_id: "a1", name: "Ada" }];\nexport function find(id) {\n  return users.find((user) => user.user_id === id);\n}\n',
    "src/api/routes.js": 'export const routes = ["GET /users", "GET /cart", "POST /cart", "POST /login"];\n',
    "check.js":
      'import { total } from "./src/cart.js";\nconst got = total([{ price: 10.5, count: 2 }]);\nif (got !== 21) {\n  console.error("two at 10.5 make 21, got", got);\n  process.exit(1);\n}\n',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(repo, name, ".."), { recursive: true });
    writeFileSync(join(repo, name), text);
  }
  git(["init", "-q", "-b", "main"]);
  for (const [name, value] of [
    ["user.name", "Copse demo"],
    ["user.email", "demo@example.invalid"],
    ["commit.gpgsign", "false"],
    ["core.hooksPath", "/dev/null"],
  ])
    git(["config", name, value]);
  git(["add", "-A"]);
  git(["commit", "-q", "-m", "A small shop"]);
  mkdirSync(join(box, "config", "copse"), { recursive: true });
  writeFileSync(
    join(box, "config", "copse", "config.json"),
    `${JSON.stringify({ limit: 3, agents: { demo: { command: [join(root, "scripts", "try", "agent.sh")] } } }, null, 2)}\n`,
  );
  mkdirSync(join(box, "bin"));
  writeFileSync(join(box, "bin", "copse"), `#!/bin/sh\nexec "${process.execPath}" "${join(root, "dist", "copse.cjs")}" "$@"\n`, {
    mode: 0o755,
  });
  writeFileSync(
    join(box, "env"),
    `export COPSE_STATE_DIR='${join(box, "state")}' XDG_CONFIG_HOME='${join(box, "config")}' PATH='${join(box, "bin")}':"$PATH"\n`,
  );
}

/** Starts them all, shows them until none is under way, and says what each came to. @returns whether they ended as they should */
async function demo(wanted, flags) {
  const lines = wanted.map((task) => ["run", "-b", "-l", task.label, ...flags, ...(task.flags ?? []), task.prompt]);
  say(`${bold("Started at once, in the background:")}`);
  for (const line of lines) say(`  $ copse ${shown(line)}`);
  const startedAt = performance.now();
  await Promise.all(lines.map((line) => copse(line)));
  say(dim(`  All are queued, and the prompt is back after ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`));
  say();
  say(bold("Meanwhile:"));
  say("  $ copse tasks");
  await watch();
  say();
  const stuck = (await state()).filter((task) => task.state === "blocked");
  for (const task of stuck) await letGo(task);
  return sayEnds(wanted, await state());
}

/** Redraws in a terminal; elsewhere prints a line when a task's changes. */
async function watch() {
  const seen = new Map();
  let drawn = 0;
  for (;;) {
    const lines = (await copse(["tasks"], { FORCE_COLOR: colour ? "1" : "0" })).stdout.trimEnd().split("\n");
    const open = (await state()).some(({ state }) => !["completed", "failed", "stopped", "blocked"].includes(state));
    if (terminal) {
      process.stdout.write(`${drawn > 0 ? `\u001b[${drawn}A\u001b[J` : ""}${lines.map((line) => cut(`  ${line}`)).join("\n")}\n`);
      drawn = lines.length;
    } else {
      for (const line of lines) {
        const [, label = "", what = ""] = /^\S+ (\S+)\s+(.*)$/.exec(line) ?? [];
        const key = what.startsWith("queued") ? "queued" : what.replace(/\([^)]*\)\s*/, "");
        if (seen.get(label) !== key) say(`  ${line}`);
        seen.set(label, key);
      }
    }
    if (!open) return;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
}

function cut(line) {
  let width = 0;
  const most = (process.stdout.columns ?? 100) - 1;
  return line
    .split(/(\u001b\[\d+m)/)
    .map((part) => {
      if (part.startsWith("\u001b")) return part;
      const kept = [...part].slice(0, Math.max(0, most - width)).join("");
      width += [...kept].length;
      return kept;
    })
    .join("");
}

/** What a person would answer; here it is stopped, since answering from the shell is not in this version. */
async function letGo({ label, needs }) {
  say(bold(`One needs you: ${label} asks`));
  say(`  ${needs.text}${needs.options ? ` (${needs.options.join(" or ")})` : ""}`);
  say(dim("  It waits without a slot, for days if need be. Answering from the shell (copse send) comes in a later version;"));
  say(dim("  this demo stops it instead. What it has written so far is kept on its branch."));
  say(`  $ copse stop ${label}`);
  say(`  ${(await copse(["stop", label])).stdout.trim()}`);
  say();
}

function sayEnds(wanted, all) {
  const ended = wanted.map((task) => ({ ...task, now: all.find(({ label }) => label === task.label) }));
  say(bold("What came of them:"));
  for (const { label, now } of ended) {
    const { verify, result } = now;
    const diff =
      result?.outcome === "changes"
        ? `${result.diff.files} file${result.diff.files === 1 ? "" : "s"}, +${result.diff.insertions} −${result.diff.deletions}`
        : "no changes";
    const failed = verify.checks.find(({ exitCode }) => exitCode !== 0);
    const evidence =
      verify.status === "verified"
        ? "verified: its check passed"
        : failed
          ? `its check FAILED: ${failed.command} exited ${failed.exitCode}`
          : "";
    say(`  ${label.padEnd(13)} ${now.state.padEnd(10)} ${diff.padEnd(16)} ${evidence}`.trimEnd());
  }
  if (ended.some(({ label, now }) => label === "fix-rounding" && now.verify.status === "failed"))
    say(dim("  fix-rounding said that it was done. An agent's word is not evidence: its --verify command said no."));
  say();
  const other = ended.filter(({ end, now }) => end !== undefined && now.state !== end);
  for (const { label, end, now } of other)
    say(`${label} should have been ${end}, and is ${now.state}: ${now.failure?.message ?? "no reason is given"}`);
  return other.length === 0;
}

/** Only with a person's yes: it costs money. */
async function wantsClaude() {
  const found = spawnSync("claude", ["auth", "status", "--json"], {
    encoding: "utf8",
    timeout: 20_000,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let loggedIn = false;
  try {
    loggedIn = JSON.parse(found.stdout ?? "").loggedIn === true;
  } catch {
    // Not there, or too old to say: then there is nothing to offer.
  }
  if (args.includes("--claude")) {
    if (!loggedIn) say("--claude: no Claude Code that is logged in was found on your PATH; that part is left out.\n");
    return loggedIn;
  }
  if (!loggedIn || args.includes("--yes") || !process.stdin.isTTY || !terminal) return false;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question(
    `Claude Code is logged in here. Do ${forClaude.join(", ")} with it as well? It may edit files in their worktrees,\nnothing else unasked, and it costs money on your account. [y/N] `,
  );
  lines.close();
  say();
  return /^y(?:es)?$/i.test(answer.trim());
}

async function withClaude() {
  const wanted = tasks
    .filter(({ label }) => forClaude.includes(label))
    .map(({ label, prompt, flags }) => ({ label: `claude-${label}`, prompt, ...(flags ? { flags } : {}) }));
  await demo(wanted, ["--agent", "claude", "--permission-mode", "acceptEdits", "--timeout", "10m"]);
  const cost = (await state()).reduce((sum, { cost }) => sum + (cost.usd ?? 0), 0);
  say(`Claude Code says it cost $${cost.toFixed(2)}.`);
  say();
}

function sayWhere() {
  const report = JSON.parse(spawnCopse(["show", "auth-audit", "--json"]).stdout).task.result.report;
  say(bold("Each task has a branch of its own (your main is as it was):"));
  say("  $ git log --all --oneline --graph");
  for (const line of git(["log", "--all", "--oneline", "--graph", "--decorate", ...(colour ? ["--color=always"] : [])])
    .trimEnd()
    .split("\n"))
    say(`  ${line}`);
  say();
  say(bold("And each has a report, such as"));
  say(`  ${report}`);
  say();
  say(bold("Look further, in a shell of your own:"));
  say(`  cd ${repo} && . ../env`);
  say("  copse tasks                            all of them");
  say("  copse show auth-audit                  one task's life in sentences");
  say("  copse logs fix-rounding                what its agent did");
  say("  git diff main...copse/cart-tests       what it changed");
  say("  copse retry fix-rounding               a new attempt in the same worktree");
  say();
  say(`${bold("Remove it all:")}  rm -rf ${box}`);
  say();
}

async function state() {
  return JSON.parse((await copse(["tasks", "--json"])).stdout).tasks;
}

/** @throws Error with its words when it fails */
function copse(words, more = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, "dist", "copse.cjs"), ...words], {
      cwd: repo,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve({ stdout, stderr }) : reject(new Error(`copse ${shown(words)} exited ${code}\n${stdout}${stderr}`)),
    );
  });
}

function spawnCopse(words) {
  return spawnSync(process.execPath, [join(root, "dist", "copse.cjs"), ...words], { cwd: repo, env, encoding: "utf8" });
}

function git(words) {
  const done = spawnSync("git", words, { cwd: repo, env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`git ${words.join(" ")} failed: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}

/** Ends what is open, then the runner. */
async function goHome() {
  const open = JSON.parse(spawnCopse(["tasks", "--json"]).stdout || '{"tasks":[]}').tasks.filter(
    ({ state }) => !["completed", "failed", "stopped"].includes(state),
  );
  if (open.length > 0) spawnCopse(["stop", ...open.map(({ id }) => id)]);
  spawnCopse(["runner", "stop"]);
}

async function leave(signal) {
  if (leaving) process.exit(130);
  leaving = true;
  say("\nStopping what is under way …");
  await goHome();
  say(`Nothing is left running. Remove what there is: rm -rf ${box}`);
  process.exit(signal === "SIGINT" ? 130 : 143);
}
