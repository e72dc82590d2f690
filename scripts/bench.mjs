// Benchmarks: paired ratios against the floor, measured turn by turn in one run. No round deletes what it made; everything is removed at the end.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const cli = join(root, "dist", "copse.cjs");
const rounds = Number(process.argv.find((arg) => /^--rounds=\d+$/.test(arg))?.slice(9) ?? 40);
const recorded = 1000;
if (!existsSync(cli)) execFileSync(process.execPath, [join(root, "scripts", "build.mjs")], { stdio: "inherit" });

const dir = realpathSync(mkdtempSync(join(tmpdir(), "copse-bench-")));
const repo = join(dir, "repo");
mkdirSync(join(dir, "home"));
mkdirSync(repo);
const env = {
  PATH: process.env.PATH,
  HOME: join(dir, "home"),
  LANG: "C.UTF-8",
  COPSE_STATE_DIR: join(dir, "state"),
  COPSE_MIN_FREE_MB: "0",
  COPSE_IDLE_SECONDS: "600",
  COPSE_LIMIT: "1",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "b",
  GIT_AUTHOR_EMAIL: "b@b",
  GIT_COMMITTER_NAME: "b",
  GIT_COMMITTER_EMAIL: "b@b",
};
const git = (...args) => execFileSync("git", args, { cwd: repo, env, stdio: "pipe" });

/** Milliseconds of one whole process. */
function time(file, args, more = {}) {
  const startedAt = process.hrtime.bigint();
  const done = spawnSync(file, args, { cwd: repo, env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"] });
  const ms = Number(process.hrtime.bigint() - startedAt) / 1e6;
  if (done.status !== 0) throw new Error(`${file} ${args.join(" ")} exited ${done.status}: ${done.stderr}`);
  return ms;
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
Array.prototype.toSorted ??= function (compare) {
  return [...this].sort(compare);
};

/** Runs the subject and the floor in turns, the order changing each round. @returns the medians and the median of the paired ratios */
function paired(name, target, subject, floor) {
  const ratios = [];
  const subjects = [];
  const floors = [];
  for (let n = -3; n < rounds; n++) {
    const first = n % 2 === 0;
    const a = first ? subject(n) : undefined;
    const b = floor(n);
    const c = first ? a : subject(n);
    if (n < 0) continue;
    subjects.push(c);
    floors.push(b);
    ratios.push(c / b);
  }
  const ratio = median(ratios);
  const ok = ratio <= target;
  const quarter = ratios.toSorted((x, y) => x - y);
  console.log(
    `${ok ? "ok  " : "OVER"}  ${name.padEnd(52)} ${ratio.toFixed(2)} × floor (target ${target}; quartiles ${quarter[Math.floor(rounds / 4)].toFixed(2)}–${quarter[Math.floor((rounds * 3) / 4)].toFixed(2)}; ${median(subjects).toFixed(1)} ms against ${median(floors).toFixed(1)} ms)`,
  );
  return ok;
}

/** Copies of one real finished task under other ids and labels: what a thousand tasks leave on disk. */
function recordTasks(count) {
  const [repoId] = readdirSync(join(env.COPSE_STATE_DIR, "repos"));
  const tasks = join(env.COPSE_STATE_DIR, "repos", repoId, "tasks");
  const [source] = readdirSync(tasks);
  const index = readFileSync(join(env.COPSE_STATE_DIR, "index.jsonl"), "utf8").trim().split("\n").at(-1);
  const lines = [];
  for (let n = 0; n < count; n++) {
    const id = `z${String(n).padStart(7, "0")}`;
    const label = `recorded-${n}`;
    const rename = (text) => text.replaceAll(source, id).replaceAll('"seed"', `"${label}"`);
    mkdirSync(join(tasks, id), { mode: 0o700 });
    for (const name of ["events.jsonl", "prompt", "report.md"]) {
      const text = readFileSync(join(tasks, source, name), "utf8");
      writeFileSync(join(tasks, id, name), name === "events.jsonl" ? rename(text) : text);
    }
    const bytes = readFileSync(join(tasks, id, "events.jsonl")).length;
    const [, repoName, state, endedAt, , ...json] = rename(index).split("\t");
    lines.push([id, repoName, state, endedAt, bytes, json.join("\t")].join("\t"));
  }
  writeFileSync(join(env.COPSE_STATE_DIR, "index.jsonl"), `${index}\n${lines.join("\n")}\n`);
}

let good = true;
try {
  git("init", "-q", "-b", "main");
  writeFileSync(join(repo, "a.txt"), "a\n");
  git("add", "-A");
  git("commit", "-q", "-m", "start");
  time(process.execPath, [cli, "run", "--label", "seed", "--exec", "--verify", "true", "--", "sh", "-c", "echo made > made.txt"]);
  time(process.execPath, [cli, "runner", "stop"]);
  recordTasks(recorded);
  // The next runner takes stock of them, as it would of its own.
  time(process.execPath, [cli, "run", "--label", "after", "--exec", "--", "true"]);
  time(process.execPath, [cli, "runner", "stop"]);
  console.log(`Node ${process.version}, ${recorded} recorded tasks, ${rounds} rounds, order alternating`);

  const bare = () => time(process.execPath, ["-e", "0"]);
  good = paired(`copse tasks, ${recorded} recorded, no runner`, 1.35, () => time(process.execPath, [cli, "tasks"]), bare) && good;
  good = paired("copse tasks --json", 1.35, () => time(process.execPath, [cli, "tasks", "--json"]), bare) && good;

  good = paired("copse statusline", 1.35, () => time(process.execPath, [cli, "statusline"]), bare) && good;

  // One slot, held by a task that waits: what is submitted only queues, so that nothing but the submission is measured.
  time(process.execPath, [cli, "run", "-b", "--label", "blocker", "--exec", "--", "sleep", "600"]);
  good =
    paired(
      "copse run -b back at the prompt, runner up",
      1.5,
      (n) => time(process.execPath, [cli, "run", "-b", "--label", `bench-${n + 3}`, "--exec", "--", "true"]),
      bare,
    ) && good;
  good = paired("copse --version (through yargs)", 2.4, () => time(process.execPath, [cli, "--version"]), bare) && good;
} finally {
  for (const name of ["blocker"]) spawnSync(process.execPath, [cli, "stop", name], { cwd: repo, env });
  spawnSync(process.execPath, [cli, "runner", "stop"], { cwd: repo, env });
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = good ? 0 : 1;
