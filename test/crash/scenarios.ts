/** What is killed, when, and what must be true afterwards. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { agent, builtCli, ended, kill, processesOf, runnerPid, waitFor } from "../support/sandbox.ts";
import { raceToStart } from "../support/start-race.ts";
import { agentsOf, audit, type StoredTask, sleep, type World, world } from "./world.ts";

export interface Size {
  readonly small: boolean;
  /** How often the runner is killed at random. */
  readonly kills: number;
}
export interface Said {
  readonly kills: number;
  readonly figures: string;
  readonly problems: readonly string[];
}
export interface Scenario {
  readonly name: string;
  run(size: Size, random: () => number): Promise<Said>;
}

const codes = [0, 1, 3, 7];
const pick = <T>(random: () => number, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

async function inWorld<T>(limit: number, extra: Record<string, string>, work: (box: World) => Promise<T>): Promise<T> {
  const box = await world(limit, extra);
  let done: T;
  try {
    done = await work(box);
  } catch (error) {
    // What went wrong first is what counts.
    await box.close().catch(() => {});
    throw error;
  }
  await box.close();
  return done;
}

/** The facts of one task, by its id. */
const stored = (box: World, id: string): StoredTask | undefined => box.tasks().find((task) => task.id === id);
const identity = (task: StoredTask | undefined): { pid: number } | undefined =>
  task?.events.findLast((event) => event.type === "run-started")?.["identity"];
const failureOf = (task: StoredTask | undefined): string | undefined =>
  task?.events.findLast((event) => event.type === "run-ended")?.["after"]?.outcome?.failure?.code;

/** Submits `n` tasks that work long, and waits until every one has begun. */
async function submitRunning(box: World, n: number, seconds: number, program?: string): Promise<string[]> {
  const before = box.submitted.length;
  for (let i = 0; i < n; i += 2) await Promise.all([i, i + 1].filter((one) => one < n).map(() => box.submit(seconds, 0, {}, program)));
  const ids = box.submitted.slice(before).map((one) => one.id);
  await waitFor(() => ids.every((id) => box.book().starts.has(id) && identity(stored(box, id))), `${n} agents to begin`, 60_000);
  return ids;
}

const randomRunnerKills: Scenario = {
  name: "runner",
  async run({ kills: wanted }, random) {
    const problems: string[] = [];
    const sum = { kills: 0, acknowledged: 0, gaveUp: 0, tasks: 0 };
    const most: string[] = [];
    // Three worlds at once: one alone waits most of its time. The last has a limit that is met all the time.
    const lane = (limit: number) =>
      inWorld(limit, {}, async (box) => {
        const killer = async () => {
          while (sum.kills < wanted) {
            await sleep(random() * 1200);
            const pid = runnerPid(box.state);
            if (pid === undefined) continue;
            kill(pid);
            sum.kills++;
          }
        };
        const submitter = async () => {
          while (sum.kills < wanted) await box.submit(Number((0.05 + random() * 0.35).toFixed(3)), pick(random, codes));
        };
        await Promise.all([killer(), submitter(), submitter()]);
        await box.drain();
        // A command may give up after ten seconds of runners killed under its hands; its task is kept, and it says so. Anything else is a fault.
        const gaveUp = box.refused.filter((text) => /^69: copse: the task \S+ \(\w+\) is kept, but /.test(text));
        sum.gaveUp += gaveUp.length;
        const checked = audit(box, limit, { pardoned: gaveUp });
        problems.push(...checked.problems);
        most.push(`${checked.most} of ${limit}`);
        sum.acknowledged += box.submitted.length;
        sum.tasks += checked.tasks;
      });
    await Promise.all([lane(5), lane(5), lane(1)]);
    const count = (word: string) => problems.filter((text) => text.startsWith(word)).length;
    return {
      kills: sum.kills,
      problems,
      figures: `${sum.kills} kills of the runner, ${sum.acknowledged} tasks acknowledged (${sum.gaveUp} commands gave up on a runner), ${sum.tasks} there: ${count("lost")} lost, ${count("started")} not started exactly once, ${count("wrong")} wrong ends, ${count("orphan")} orphans, ${count("order")} out of order, at most ${most.join(", ")} at once`,
    };
  },
};

/** Kills what `victims` names for each of `n` tasks in turn; every task must end as RUN_LOST, with nothing of it left, in a few seconds. */
function killing(name: string, small: number, full: number, victims: (box: World, wrapper: number) => number[]): Scenario {
  return {
    name,
    run: (size, random) =>
      inWorld(10, {}, async (box) => {
        const n = size.small ? small : full;
        const problems: string[] = [];
        let kills = 0;
        let slowest = 0;
        while (kills < n) {
          const ids = await submitRunning(box, Math.min(10, n - kills), 60);
          for (const id of ids) {
            await sleep(random() * 60);
            const wrapper = identity(stored(box, id))?.pid as number;
            for (const pid of victims(box, wrapper)) kill(pid);
            kills++;
          }
          const at = performance.now();
          // A killed runner comes back with the next command.
          await box.copse(["wait", "--timeout", "20s", "-q"]);
          for (const id of ids) {
            const task = stored(box, id);
            if (task?.ended !== "failed" || failureOf(task) !== "RUN_LOST")
              problems.push(`${id} is ${task?.ended ?? "open"}, ${failureOf(task)}`);
            const left = agentsOf(box, id);
            if (left.length > 0) problems.push(`${id}: ${left.length} processes left`);
          }
          slowest = Math.max(slowest, performance.now() - at);
        }
        problems.push(...audit(box, 10, { killed: true }).problems);
        return { kills, problems, figures: `${kills} kills, all ended as RUN_LOST at most ${(slowest / 1000).toFixed(1)} s later` };
      }),
  };
}

const signals = [
  "HUP",
  "INT",
  "QUIT",
  "ILL",
  "TRAP",
  "ABRT",
  "BUS",
  "FPE",
  "KILL",
  "USR1",
  "SEGV",
  "USR2",
  "PIPE",
  "ALRM",
  "TERM",
] as const;

const agentSignals: Scenario = {
  name: "agent",
  run: (size) =>
    inWorld(15, {}, async (box) => {
      const problems: string[] = [];
      let kills = 0;
      for (let round = 0; round < (size.small ? 1 : 7); round++) {
        const ids = await submitRunning(box, signals.length, 60, "marks-sleep.sh");
        for (const [i, id] of ids.entries()) {
          const wrapper = identity(stored(box, id))?.pid as number;
          const [shell] = childrenOf(wrapper);
          kill(shell as number, `SIG${signals[i]}` as NodeJS.Signals);
          kills++;
        }
        await box.copse(["wait", "--timeout", "30s", "-q"]);
        for (const [i, id] of ids.entries()) {
          const expected = 128 + constants.signals[`SIG${signals[i]}` as NodeJS.Signals];
          const code = stored(box, id)?.events.find((event) => event.type === "run-ended")?.["exitCode"];
          if (code !== expected) problems.push(`SIG${signals[i]}: exit code ${code}, expected ${expected}`);
          if (agentsOf(box, id).length > 0) problems.push(`SIG${signals[i]}: something is left running`);
        }
      }
      problems.push(...audit(box, 15, { killed: true }).problems);
      return { kills, problems, figures: `${kills} agents ended by ${signals.length} signals, each with 128+n` };
    }),
};

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter((one) => one !== "")
    .map(Number);
}

/** Facts of one task's way, and the moment after the spawn; the runner ends itself just before or just after writing each. */
const points = [
  ...["slot-taken", "worktree-planned", "worktree-made", "run-starting", "run-started", "run-ended", "delivered"].flatMap((fact) => [
    `before-${fact}`,
    `after-${fact}`,
  ]),
  "after-spawn",
];

const namedPoints: Scenario = {
  name: "points",
  async run(size, random) {
    const each = size.small ? 5 : 30;
    const problems: string[] = [];
    let kills = 0;
    let tasks = 0;
    const todo = points.flatMap((point) => Array.from({ length: each }, () => point));
    const lane = () =>
      inWorld(5, {}, async (box) => {
        const token = join(box.dir, "crash-token");
        for (let point = todo.shift(); point !== undefined; point = todo.shift()) {
          // A runner with the hook in it is started by this command; the file makes it die once.
          const pid = runnerPid(box.state);
          if (pid !== undefined) kill(pid);
          writeFileSync(token, "");
          await box.submit(0.05, pick(random, codes), { COPSE_CRASH_AT: `${point}:1:${token}` });
          const gone = await waitFor(() => !existsSync(token), `the runner to end itself at ${point}`, 15_000).catch(
            (error) => error as Error,
          );
          if (gone instanceof Error) problems.push(gone.message);
          else kills++;
        }
        await box.drain();
        const checked = audit(box, 5);
        problems.push(...checked.problems);
        tasks += checked.tasks;
      });
    await Promise.all([lane(), lane(), lane()]);
    return { kills, problems, figures: `${kills} kills at ${points.length} points, ${each} each, ${tasks} tasks` };
  },
};

const killedSubmits: Scenario = {
  name: "submit",
  run: (size, random) =>
    inWorld(5, {}, async (box) => {
      const n = size.small ? 20 : 200;
      const problems: string[] = [];
      const labels: string[] = [];
      let whole = 0;
      // How long an undisturbed one takes here: kills are spread over that.
      const at = performance.now();
      await box.submit(0.05, 0);
      const usual = performance.now() - at;
      for (let i = 0; i < n; i++) {
        const label = `killed-${i}`;
        const child = submitKillable(box, label);
        await sleep(random() * usual * 1.1);
        kill(child.pid as number);
        await ended(child);
        labels.push(label);
      }
      await sleep(10_500);
      for (const task of box.tasks()) {
        if (!existsSync(join(task.dir, "prompt"))) problems.push(`half a task: ${task.label} has no prompt`);
        if (task.events[0]?.type !== "added") problems.push(`half a task: ${task.label} has no beginning`);
      }
      const made = new Set(box.tasks().map((task) => task.label));
      for (const label of labels) {
        if (made.has(label)) {
          whole++;
          continue;
        }
        const again = await box.copse(["run", "-b", "-q", "-l", label, "--exec", "--", agent("marks.sh"), "0.02", "0"]);
        if (again.code !== 0) problems.push(`the label ${label} is not free again: ${again.stderr}`);
      }
      await box.drain();
      problems.push(...audit(box, 5).problems);
      return {
        kills: n,
        problems,
        figures: `${n} commands killed: ${whole} tasks whole, ${n - whole} not there and their labels free again`,
      };
    }),
};

function submitKillable(box: World, label: string): ChildProcess {
  return spawn(process.execPath, [builtCli, "run", "-b", "-l", label, "--exec", "--", agent("marks.sh"), "0.02", "0"], {
    cwd: box.repo,
    env: box.env,
    stdio: "ignore",
  });
}

const reboot: Scenario = {
  name: "reboot",
  run: (size) =>
    inWorld(4, {}, async (box) => {
      const rounds = size.small ? 2 : 10;
      const problems: string[] = [];
      let boot: Record<string, string> = { COPSE_BOOT_ID: "boot-0" };
      Object.assign(box.env, boot);
      for (let round = 1; round <= rounds; round++) {
        const asks = await box.copse(["run", "-b", "-q", "--exec", "--", agent("asks.sh")]);
        await waitFor(async () => (await box.task(asks.stdout.trim())).state === "blocked", "the question");
        const running = await submitRunning(box, 4, 60);
        const from = box.submitted.length;
        for (let i = 0; i < 3; i++) await box.submit(0.05, 0);
        const queued = box.submitted.slice(from).map((one) => one.id);
        for (const pid of processesOf(box.dir)) kill(pid);
        boot = { COPSE_BOOT_ID: `boot-${round}` };
        Object.assign(box.env, boot);
        await box.copse(["wait", ...running, ...queued, "--timeout", "30s", "-q"]);
        for (const id of running) {
          const task = stored(box, id);
          if (failureOf(task) !== "INTERRUPTED" || task?.ended !== "failed")
            problems.push(`running ${id}: ${task?.ended}, ${failureOf(task)}`);
          if (box.book().starts.get(id) !== 1) problems.push(`running ${id} was started again`);
        }
        for (const id of queued) if (stored(box, id)?.ended !== "completed") problems.push(`queued ${id}: ${stored(box, id)?.ended}`);
        const still = await box.task(asks.stdout.trim());
        if (still.state !== "blocked" || still.needs.text !== "Which one?") problems.push(`blocked: ${still.state} ${still.needs?.text}`);
        await box.copse(["stop", asks.stdout.trim()]);
      }
      return { kills: rounds, problems, figures: `${rounds} restarts of the machine with 4 running, 1 blocked, 3 queued each` };
    }),
};

const startRace: Scenario = {
  name: "race",
  async run(size) {
    const rounds = size.small ? 3 : 50;
    const { problems, served } = await raceToStart(rounds);
    return {
      kills: rounds,
      problems,
      figures: `${rounds} rounds of 20 commands starting the runner at once: ${served} of ${rounds * 20} served`,
    };
  },
};

const idleRace: Scenario = {
  name: "idle",
  async run(size, random) {
    const lanes = 10;
    const rounds = size.small ? 2 : 10;
    const problems: string[] = [];
    let exits = 0;
    await Promise.all(
      Array.from({ length: lanes }, () =>
        inWorld(5, { COPSE_IDLE_SECONDS: "1" }, async (box) => {
          await box.submit(0.02, 0);
          for (let round = 0; round < rounds; round++) {
            const pid = runnerPid(box.state);
            await waitFor(() => !pid || !existsSync(`/proc/${pid}/fd`) || leaves(box, pid), "the runner to be about to leave", 15_000);
            await sleep(random() * 20);
            await box.submit(0.02, 0);
            if (runnerPid(box.state) !== pid) exits++;
          }
          await box.drain();
          problems.push(...audit(box, 5).problems);
        }),
      ),
    );
    return { kills: 0, problems, figures: `${lanes * rounds} commands against a runner about to leave, ${exits} met the next one` };
  },
};

/** Has the runner closed its ear, or is it gone? */
const leaves = (box: World, pid: number): boolean => !existsSync(join(box.state, "runner", "s")) || runnerPid(box.state) !== pid;

export const scenarios: readonly Scenario[] = [
  randomRunnerKills,
  killing("wrapper", 20, 100, (_box, wrapper) => [wrapper]),
  agentSignals,
  killing("runner-and-wrapper", 20, 200, (box, wrapper) => [runnerPid(box.state) ?? 0, wrapper].filter((pid) => pid > 0)),
  namedPoints,
  killedSubmits,
  reboot,
  startRace,
  idleRace,
];
