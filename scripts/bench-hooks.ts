/**
 * `npm run bench:hooks`: what a hook event costs the agent that waits for it, beside a hook of `sh -c true` or the person's own command started as an agent starts it; in turns of one run, against a
 * real runner with its journals on disk. --rounds=N (60), and words to choose rows by.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Book } from "../src/hooks/book.ts";
import { call, event, hearing, hook, type Port, portOf, post, reusing } from "../test/support/hook-client.ts";
import { type Sandbox, sandbox } from "../test/support/sandbox.ts";

const rounds = Number(process.argv.find((arg) => /^--rounds=\d+$/.test(arg))?.slice(9) ?? 60);
const words = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const command = "cat >/dev/null";
const queued = 1000;

type Work = (n: number) => Promise<unknown>;

interface Row {
  readonly name: string;
  readonly subject: Work;
  readonly floor: Work;
  /** Of the floor's time; 1 unless told. */
  readonly times?: number;
  /** What comes on top of the floor may take as long as a hook of `sh -c true` and a millisecond more. */
  readonly beyond?: true;
}

const quantile = (list: readonly number[], part: number): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length * part)] as number;

async function timed(work: Work, n: number): Promise<number> {
  const startedAt = performance.now();
  await work(n);
  return performance.now() - startedAt;
}

/** In turns, the order changing each round. @returns whether the target is met */
async function paired({ name, subject, floor, times = 1, beyond }: Row): Promise<boolean> {
  if (words.length > 0 && !words.some((word) => name.includes(word))) return true;
  const [subjects, floors, shares]: [number[], number[], number[]] = [[], [], []];
  for (let n = -5; n < rounds; n++) {
    const before = n % 2 === 0 ? await timed(subject, n) : undefined;
    const own = await timed(floor, n);
    const took = before ?? (await timed(subject, n));
    const allowed = beyond ? own + (await timed(nothing, n)) + 1 : own;
    if (n < 0) continue;
    subjects.push(took);
    floors.push(own);
    shares.push(took / allowed);
  }
  const ok = quantile(shares, 0.5) <= times;
  const more = subjects.map((ms, n) => ms - (floors[n] as number));
  const [of, ms] = [
    beyond ? "(floor + sh -c true + 1 ms)" : "floor",
    (list: readonly number[], part = 0.5) => quantile(list, part).toFixed(2),
  ];
  console.log(
    `${ok ? "ok  " : "OVER"}  ${name.padEnd(52)} ${ms(shares)} × ${of} (target ${times}; quartiles ${ms(shares, 0.25)}–${ms(shares, 0.75)}; ${ms(subjects)} ms against ${ms(floors)} ms, ${ms(more)} ms more)`,
  );
  return ok;
}

const plain = (session: string, tool = "Read") => {
  let made = 0;
  return (more: object = {}): string => call(session, `toolu_${session}_${made++}`, tool, { cwd: box.repo, ...more });
};

/** As an agent would start it, with the event on its standard input. */
const started = (script: string, input: string) => hook("sh", ["-c", script], input, box.env);

const nothing: Work = () => started("true", call("s", "toolu_0", "Read", { cwd: box.repo }));

function configure(gates: object): void {
  const of = (matcher: string, count: number) => ({
    matcher,
    hooks: Array.from({ length: count }, (_, n) => ({ type: "command", command: `${command} # ${n}` })),
  });
  const file = join(box.env["HOME"] ?? "", ".config", "copse", "config.json");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, JSON.stringify({ limit: 1, gates, hooks: { PreToolUse: [of("Mine", 1), of("Three", 3)] } }));
}

/** A turn with so many calls behind it, each told three times as Claude Code does. */
function longTurn(session: string, calls: number): void {
  const book = new Book(box.state);
  const at = new Date().toISOString();
  for (let n = 0; n < calls; n++)
    for (const name of ["PreToolUse", "PostToolUse"])
      book.enter(JSON.parse(call(session, `toolu_before_${n}`, "Read", { hook_event_name: name, cwd: box.repo })), at);
}

/** Tasks in line, by copies of one that is: what is heard of by every hook in this repository. */
async function queueTasks(): Promise<void> {
  await box.copse(["run", "-b", "--label", "blocker", "--exec", "--", "sleep", "600"]);
  await box.copse(["run", "-b", "--label", "seed", "--exec", "--", "true"]);
  const { id } = await box.task("seed");
  await box.copse(["runner", "stop"]);
  const repos = join(box.state, "repos");
  const tasks = join(repos, readdirSync(repos)[0] ?? "", "tasks");
  for (let n = 0; n < queued; n++) {
    const copy = `z${String(n).padStart(7, "0")}`;
    cpSync(join(tasks, id), join(tasks, copy), { recursive: true });
    const log = join(tasks, copy, "events.jsonl");
    writeFileSync(log, readFileSync(log, "utf8").replaceAll(id, copy).replaceAll('"seed"', `"line-${n}"`));
  }
  // After a person's stop it is a command that starts the next runner, not a hook.
  await box.copse(["wait", "blocker", "--timeout", "50ms"]);
  await hearing(box);
}

/** The plain event, one hook, three hooks; these are told `more` by Copse, and so they are by the agent they are held against. */
function three(session: string, port: Port, when: string, more: object = {}): Row[] {
  const [read, mine, many] = [plain(session), plain(session, "Mine"), plain(session, "Three")];
  const beside = (count: number) => () =>
    Promise.all(Array.from({ length: count }, () => started(command, call("s", "toolu_0", "Mine", { ...more }))));
  return [
    { name: `an event, ${when}`, subject: () => post(port, read()), floor: nothing },
    { name: `one hook of the person's, ${when}`, subject: () => post(port, mine()), floor: beside(1), beyond: true },
    { name: `three hooks at once, ${when}`, subject: () => post(port, many()), floor: beside(3), beyond: true },
  ];
}

let box: Sandbox;
let good = true;
const all = async (rows: readonly Row[]): Promise<void> => {
  for (const row of rows) good = (await paired(row)) && good;
};

execFileSync(process.execPath, [join(import.meta.dirname, "build.mjs")], { stdio: "inherit" });
box = await sandbox();
box.env["COPSE_IDLE_SECONDS"] = "600";
try {
  configure({});
  const port = await hearing(box);
  console.log(`Node ${process.version}, ${rounds} rounds, order alternating; an event has 1.8 kB`);
  await all(three("s1", port, "a connection each"));
  const agent = reusing();
  const again = plain("s1");
  await all([{ name: "an event, over one connection", subject: () => post(port, again(), agent), floor: nothing }]);
  agent.destroy();
  const large = (n: number) => event("s1", "PostToolUse", { tool_name: "Read", tool_use_id: `l${n}`, tool_response: "y".repeat(1 << 20) });
  await all([{ name: "an event of 1 MB", subject: (n) => post(port, large(n)), floor: (n) => started(command, large(n)), times: 1.5 }]);

  longTurn("s2", 2000);
  await all(three("s2", port, "2,000 calls this turn"));
  for (let n = 0; n < 200; n++) longTurn(`other-${n}`, 20);
  await all(three("s3", port, "200 other sessions"));
  configure({ "no-duplicate-work": true, "limit-background": { session: 100, machine: 1000 }, "stop-when-done": true });
  await new Promise((resolve) => setTimeout(resolve, 1100));
  const build = plain("s3", "Bash");
  const input = { tool_input: { command: "npm test", run_in_background: true, description: "x".repeat(1400) } };
  await all([{ name: "an event, gates on, 200 other sessions", subject: () => post(port, build(input)), floor: nothing }]);
  configure({});
  await queueTasks();
  const { tasks } = await box.json(["tasks"]);
  const told = tasks.map(({ id, label, state, since }: Readonly<Record<string, unknown>>) => ({ id, label, state, since, needs: null }));
  await all(three("s4", portOf(box.state), `${queued} tasks in line`, { copse_tasks: told }));
} finally {
  await box.copse(["stop", "blocker"]);
  await box.close();
}
process.exitCode = good ? 0 : 1;
