/** What the crash scenarios share: a sandbox with a book of starts and ends kept by the agents themselves, and the audit of everything afterwards. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { agent, processesOf, type Ran, type Sandbox, sandbox } from "../support/sandbox.ts";

export interface Submitted {
  readonly id: string;
  /** The code its agent ends with, or null when that is left to fate. */
  readonly code: number | null;
}

export interface World extends Sandbox {
  /** Submits one marking agent that works for `seconds` and exits with `code`; only what the CLI acknowledged is in `submitted`. */
  submit(seconds: number, code: number, more?: Record<string, string>, program?: string): Promise<Ran>;
  readonly submitted: Submitted[];
  /** CLI calls that failed where none should. */
  readonly refused: string[];
  tasks(): StoredTask[];
  /** Waits for every open task, by the CLI. */
  drain(more?: Record<string, string>): Promise<void>;
  book(): { starts: Map<string, number>; most: number };
}

export interface StoredEvent {
  readonly seq: number;
  readonly epoch: number;
  readonly type: string;
  readonly [key: string]: any;
}

export interface StoredTask {
  readonly id: string;
  readonly dir: string;
  readonly label: string;
  readonly events: readonly StoredEvent[];
  /** undefined while it is open. */
  readonly ended: "completed" | "failed" | "stopped" | undefined;
}

/** Seeded random numbers in [0, 1). */
export function randomFrom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function world(limit: number, extra: Record<string, string> = {}): Promise<World> {
  const box = await sandbox();
  const marks = join(box.dir, "marks");
  Object.assign(box.env, { COPSE_LIMIT: String(limit), MARKS: marks, ...extra });
  const submitted: Submitted[] = [];
  const refused: string[] = [];
  return Object.assign(box, {
    submitted,
    refused,
    async submit(seconds: number, code: number, more: Record<string, string> = {}, program = "marks.sh") {
      const ran = await box.copse(["run", "-b", "-q", "--exec", "--", agent(program), String(seconds), String(code)], { env: more });
      const id = ran.stdout.trim();
      if (ran.code === 0 && id !== "") submitted.push({ id, code });
      else refused.push(`${ran.code}: ${ran.stderr.trim()}`);
      return ran;
    },
    tasks: () => storedTasks(box.state),
    async drain(more: Record<string, string> = {}) {
      for (let n = 0; n < 60; n++) {
        await box.copse(["wait", "--timeout", "120s", "-q"], { env: more });
        const open = storedTasks(box.state).filter((task) => task.ended === undefined);
        if (open.length === 0) return;
        await sleep(500);
      }
      throw new Error(
        `still open: ${storedTasks(box.state)
          .filter((task) => task.ended === undefined)
          .map((task) => `${task.label} (${task.events.at(-1)?.type})`)}`,
      );
    },
    book() {
      const starts = new Map<string, number>();
      const going = new Set<string>();
      let most = 0;
      for (const line of existsSync(marks) ? readFileSync(marks, "utf8").split("\n") : []) {
        const [word, id = ""] = line.split(" ");
        if (word === "start") {
          starts.set(id, (starts.get(id) ?? 0) + 1);
          going.add(id);
        } else if (word === "end") going.delete(id);
        most = Math.max(most, going.size);
      }
      return { starts, most };
    },
  });
}

const ends: Readonly<Record<string, StoredTask["ended"]>> = { completed: "completed", failed: "failed", stopped: "stopped" };

export function storedTasks(state: string): StoredTask[] {
  const repos = join(state, "repos");
  if (!existsSync(repos)) return [];
  return readdirSync(repos).flatMap((repo) =>
    readdirSync(join(repos, repo, "tasks"))
      .filter((id) => !id.startsWith("."))
      .map((id) => {
        const dir = join(repos, repo, "tasks", id);
        const events = readFileSync(join(dir, "events.jsonl"), "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as StoredEvent);
        return { id, dir, label: events[0]?.["label"], events, ended: endOf(events) };
      }),
  );
}

/** Read from the facts alone, not by the fold under test. */
function endOf(events: readonly StoredEvent[]): StoredTask["ended"] {
  const last = events.findLast((event) => event.type === "delivered" || event.type === "retried");
  if (last?.type !== "delivered") return undefined;
  const outcome = events.findLast((event) => event.type === "run-ended" || event.type === "attempt-failed" || event.type === "stopped");
  if (outcome?.type === "attempt-failed") return "failed";
  return ends[outcome?.["after"]?.outcome?.kind ?? "stopped"];
}

export interface Audit {
  readonly tasks: number;
  readonly problems: readonly string[];
  readonly most: number;
}

/** Everything that must hold when all is over. `limit`: never more agents at once. `killed`: the agents were, so their own ends and codes say nothing. */
export function audit(box: World, limit: number, options: { killed?: boolean; pardoned?: readonly string[] } = {}): Audit {
  const problems: string[] = [
    ...box.refused.filter((text) => !options.pardoned?.includes(text)).map((text) => `a command failed: ${text}`),
  ];
  const all = box.tasks();
  const byId = new Map(all.map((task) => [task.id, task]));
  const { starts, most } = box.book();
  if (!options.killed && most > limit) problems.push(`${most} agents at once, the limit is ${limit}`);
  for (const { id, code } of box.submitted) {
    const task = byId.get(id);
    if (!task) problems.push(`lost: ${id} was acknowledged and is not there`);
    else if (!options.killed) {
      const codes = task.events.filter((event) => event.type === "run-ended").map((event) => event["exitCode"]);
      if (codes.length !== 1 || codes[0] !== code) problems.push(`wrong exit code: ${id} has ${JSON.stringify(codes)}, expected ${code}`);
      if (task.ended !== (code === 0 ? "completed" : "failed")) problems.push(`wrong end: ${id} is ${task.ended}, its code was ${code}`);
    }
  }
  for (const task of all) {
    if (task.ended === undefined) problems.push(`lost: ${task.label} is still open after ${task.events.at(-1)?.type}`);
    if (starts.get(task.id) !== 1) problems.push(`started ${starts.get(task.id) ?? 0} times: ${task.id}`);
    let epoch = 0;
    task.events.forEach((event, i) => {
      if (event.seq !== i + 1) problems.push(`order: ${task.id} has seq ${event.seq} in line ${i + 1}`);
      if (event.epoch !== 0 && event.epoch < epoch) problems.push(`order: ${task.id} has epoch ${event.epoch} after ${epoch}`);
      epoch = Math.max(epoch, event.epoch);
    });
  }
  problems.push(...orphans(box, all));
  return { tasks: all.length, problems, most };
}

/** Git's own list against the tasks'. */
function orphans(box: World, all: readonly StoredTask[]): string[] {
  const planned = all.flatMap((task) => task.events.filter((event) => event.type === "worktree-planned"));
  const places = new Set(planned.map((event) => event["path"]));
  const branches = new Set(planned.map((event) => event["branch"]));
  const listed = box
    .git(["worktree", "list", "--porcelain"])
    .split("\n")
    .filter((line) => line.startsWith("worktree "))
    .map((line) => line.slice(9));
  const heads = box
    .git(["for-each-ref", "--format=%(refname:short)", "refs/heads/"])
    .split("\n")
    .filter((name) => name !== "" && name !== "main");
  const folder = join(box.repo, ".worktrees", "trees");
  const folders = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return [
    ...listed.filter((path) => path !== box.repo && !places.has(path)).map((path) => `orphan worktree: ${path}`),
    ...heads.filter((name) => !branches.has(name)).map((name) => `orphan branch: ${name}`),
    ...folders.filter((path) => !listed.includes(path)).map((path) => `a folder that is no worktree: ${path}`),
    ...all
      .filter(
        (task) =>
          task.events.some((event) => event.type === "worktree-made") &&
          !listed.includes(task.events.find((event) => event.type === "worktree-made")?.["path"]),
      )
      .map((task) => `no worktree: ${task.label}`),
  ];
}

/** Live processes of a run of this sandbox: they carry a task's cookie. */
export function agentsOf(box: Sandbox, id?: string): number[] {
  return processesOf(box.dir).filter((pid) => {
    try {
      return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`.includes(`\0COPSE_RUN=${id ?? ""}`);
    } catch {
      return false;
    }
  });
}
