/** One task's way through the house: what does it need now (`nextStep`), do that, look again, until nothing is left to do here. */
import { CopseError, isDiskFull, messageOf } from "../core/errors.ts";
import { retryDelayMs } from "../core/judge.ts";
import { placeOf } from "../core/line.ts";
import { holdsSlot, nextStep } from "../core/next.ts";
import { isDue } from "../core/policy.ts";
import type { Failure, Task } from "../core/task.ts";
import { fence } from "../process/supervised.ts";
import type { Queue, Slot } from "../queue/queue.ts";
import { deliver } from "../result/deliver.ts";
import { rememberOutside } from "../result/outside.ts";
import { agentFor } from "../session/agents/index.ts";
import { runEnvironment } from "../session/environment.ts";
import { loginOf } from "../session/login.ts";
import { startSession } from "../session/start.ts";
import { watchRun } from "../session/watch.ts";
import type { Config } from "../store/config.ts";
import { runDir } from "../store/paths.ts";
import { Superseded, type TaskRecord } from "../store/record.ts";
import { debug } from "../system/debug.ts";
import { isAlive } from "../system/identity.ts";
import { placeStands, prepare } from "../worktree/prepare.ts";
import { type Closed, type Gates, reasonOf } from "./gate.ts";
import { recoverRun } from "./recover.ts";
import { lackOfRoom, moreRoom, spaceLookMs } from "./room.ts";

export interface House {
  readonly queue: Queue;
  /** The configuration as it is now. */
  readonly config: () => Config;
  /** Lets one start of this agent through at a time, with a pause between. */
  readonly stagger: (agent: string) => Promise<void>;
  /** The file with the settings an agent gets for its hooks; undefined when it takes none. */
  readonly hookSettings: (record: TaskRecord) => string | undefined;
  /** The task waits for a person (true) or needs the runner again (false). */
  readonly idle: (id: string, idle: boolean) => void;
  /** The task waits for others, or did just now: it has to be looked at again. */
  readonly heldByTasks: (record: TaskRecord) => Promise<boolean>;
  /** Removes the worktree of a task that has just been completed, if that is proven safe. */
  readonly cleanUp: (task: Task) => Promise<void>;
  /** Tells people of the state the task has come to. */
  readonly tell: (task: Task) => void;
  readonly gates: Gates;
  /** The day's budget is spent, or that of the batch of a task that would start. `afresh`: as of now, not of some seconds ago. */
  readonly daySpent: (afresh?: boolean, task?: Task) => Closed | null;
  /** A login met its limit. */
  readonly limitMet: (task: Task, closed: Closed) => void;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Settles when the task has ended. @throws Superseded when another runner has taken over */
export async function drive(record: TaskRecord, house: House): Promise<void> {
  let slot: Slot | null = null;
  let mine = false;
  const login = loginOf(record.task, record.dir);
  let entering: AbortController | undefined;
  const release = () => {
    entering?.abort();
    slot?.release();
    slot = null;
  };
  if (holdsSlot(record.task)) slot = house.queue.adopt(placeOf(record.task));
  try {
    for (;;) {
      await announce(record, house);
      const step = nextStep(record.task, mine);
      debug(() => `${record.task.label}: ${record.task.state} → ${step.do}`);
      try {
        switch (step.do) {
          case "nothing":
            if (record.task.state === "completed" && house.config().autoClean) await house.cleanUp(record.task);
            return;
          case "wait-for-slot":
            mine = false;
            release();
            slot = await takeSlot(record, house, step.notBefore, login);
            break;
          case "wait-for-person":
            mine = false;
            release();
            await waitForPerson(record, house);
            break;
          case "prepare":
            await orFail(record, "prepare", async () => {
              const outside = rememberOutside(record);
              outside.catch(() => {});
              await stoppable(record, (signal) => prepare(record, runEnvironment(record.task, record.dir, record.task.run + 1), signal));
              await outside;
            });
            break;
          case "start":
            await orFail(record, "run", async () => {
              if (!(await placeStands(record))) return;
              await rememberOutside(record);
              const agent = agentFor(record.task.request);
              if (agent.resumes) await house.stagger(agent.name);
              const child = await startSession(record, house.config(), agent.takesHooks ? house.hookSettings(record) : undefined);
              if (child.exitCode === null && child.signalCode === null) child.once("exit", () => record.wake());
              mine = record.task.runStarted === true;
              // It left without a claim (no room for it, or killed at once): fenced by `recover`, and not begun again in a hurry.
              if (!mine) await sleep(spaceLookMs);
            });
            break;
          case "recover":
            mine = await recoverRun(record);
            break;
          case "watch":
            await watchRun(record, {
              going,
              hasSlot,
              holdMs: () => house.config().holdMinutes * 60_000,
              closed: () => (login === null ? null : (house.gates.parks(login) ?? house.daySpent())),
              answeredBy: () => void (login !== null && house.gates.opened(login, record.task.id)),
            });
            mine = false;
            noteEnd(record.task);
            break;
          case "stop":
            await record.add((task) =>
              task.stopAsked === null ? [] : [{ type: "stopped", how: `stopped by ${task.stopAsked} before it ran on` }],
            );
            break;
          case "deliver":
            if (slot === null && needsChecks(record.task))
              slot = await stoppable(record, (signal) => house.queue.enter(placeOf(record.task), signal)).catch(() => null);
            await stoppable(record, (signal) =>
              deliver(record, runEnvironment(record.task, record.dir, record.task.run), house.config().forges, signal),
            );
            release();
            break;
        }
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        debug(() => `${record.task.label}: waits for disk space: ${messageOf(error)}`);
        if (holdsSlot(record.task) === false) release();
        await moreRoom(record);
      }
    }
  } finally {
    release();
    if (login !== null) house.gates.opened(login, record.task.id);
  }

  /** The run has ended: by what closes admission for its login, or otherwise, which opens it if this was the one that tried. */
  function noteEnd(task: Task): void {
    if (login === null) return;
    const why = reasonOf(task);
    if (why === null) return void house.gates.opened(login, task.id);
    const closed = house.gates.close(login, why.reason, why.until, why.text);
    if (closed.isNew) house.limitMet(task, closed);
  }

  /** In line for a slot without waiting here: the run has to be watched meanwhile. */
  function hasSlot(): boolean {
    if (slot !== null) return true;
    if (entering !== undefined) return false;
    const mine = new AbortController();
    entering = mine;
    house.queue.enter(placeOf(record.task), mine.signal).then(
      (given) => {
        entering = undefined;
        if (mine.signal.aborted || slot !== null) return given.release();
        slot = given;
        record.wake();
      },
      () => {
        if (entering === mine) entering = undefined;
      },
    );
    return false;
  }

  async function going(goes: boolean): Promise<void> {
    if (goes) slot ??= house.queue.adopt(placeOf(record.task));
    else release();
    await announce(record, house);
  }
}

/** Written down first, then told: a crash in between may swallow a notification, but never doubles one. */
async function announce(record: TaskRecord, house: House): Promise<void> {
  if (!isDue(record.task, house.config().notify)) return;
  const { since } = record.task;
  const task = await record.add((now) => (now.since === since && isDue(now, house.config().notify) ? [{ type: "told", of: since }] : []));
  if (task.toldOf === since) house.tell(task);
}

const needsChecks = (task: Task): boolean =>
  task.outcome?.kind === "completed" && task.request.verify.length > 0 && task.verify.status === "none";

/** Waits for the task's time, a slot and room on the disk; null when something else came first (a stop). */
async function takeSlot(record: TaskRecord, house: House, notBefore: string | null, login: string | null): Promise<Slot | null> {
  const waitMs = notBefore === null ? 0 : Date.parse(notBefore) - Date.now();
  if (waitMs > 0) {
    await record.wait(Math.min(waitMs, 60_000));
    return null;
  }
  if (await house.heldByTasks(record)) return null;
  if (await heldByGate(record, house, login)) return null;
  await takeBack(record, house.config().minFreeMb);
  const slot = await enterUnlessChanged(record, house.queue);
  if (slot === null) return null;
  // Admission may have closed while it stood in line, and one task goes first when a gate opens.
  if (spentFor(record.task, house, true) !== null || (login !== null && !house.gates.mayStart(login, record.task))) {
    slot.release();
    await record.wait(spaceLookMs / 2);
    return null;
  }
  const lack = lackOfRoom(record, house.config().minFreeMb);
  let kept = false;
  try {
    if (lack === undefined) {
      const wants = (now: Task) => now.state === "queued" && now.stopAsked === null && now.attachedBy === null;
      kept = (await record.add((now) => (wants(now) ? [{ type: "slot-taken" }] : []))).state === "preparing";
    } else if (record.task.notBefore?.text !== lack) {
      await record.add([{ type: "held", kind: "limit", until: null, text: lack }]);
    }
  } finally {
    if (!kept) slot.release();
    if (!kept && login !== null) house.gates.opened(login, record.task.id);
  }
  if (lack !== undefined) await record.wait(spaceLookMs);
  return kept ? slot : null;
}

/** What the task was held for without a time is over: it stands in line again, and says so. */
async function takeBack(record: TaskRecord, minFreeMb: number): Promise<void> {
  const held = record.task.notBefore;
  if (held === null || held.at !== null || lackOfRoom(record, minFreeMb) !== undefined) return;
  const until = new Date().toISOString();
  await record.add((now) => (now.state === "queued" ? [{ type: "held", kind: held.kind, until, text: held.text }] : []));
}

/** Waits while admission is closed, of this login or (but for plain commands) of all by the day's or the batch's budget, and says so in the log once. */
async function heldByGate(record: TaskRecord, house: House, login: string | null): Promise<boolean> {
  const gate = login === null ? null : house.gates.closed(login, record.task);
  const closed = gate ?? spentFor(record.task, house);
  if (closed === null) return false;
  const known = record.task.notBefore;
  if (known?.at !== closed.until || known.text !== closed.text)
    await record.add((now) => (now.state === "queued" ? [{ type: "held", kind: "limit", until: closed.until, text: closed.text }] : []));
  else await record.wait(spaceLookMs);
  return true;
}

const spentFor = (task: Task, house: House, afresh = false): Closed | null =>
  task.request.exec === null ? house.daySpent(afresh, task) : null;

/** null when the task no longer waits for a slot (a stop, an attach), or not there any more: a new priority. */
async function enterUnlessChanged(record: TaskRecord, queue: Queue): Promise<Slot | null> {
  const gone = new AbortController();
  const place = placeOf(record.task);
  const end = record.onChange(() => {
    if (nextStep(record.task, false).do !== "wait-for-slot" || record.task.request.priority !== place.priority) gone.abort();
  });
  try {
    return await queue.enter(place, gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return null;
    throw error;
  } finally {
    end();
  }
}

async function waitForPerson(record: TaskRecord, house: House): Promise<void> {
  const { attachedBy } = record.task;
  if (attachedBy !== null && !isAlive(attachedBy)) {
    await record.add([{ type: "detached", to: "queue" }]);
    return;
  }
  house.idle(record.task.id, attachedBy === null);
  await record.wait(attachedBy === null ? 3_600_000 : 1000);
  house.idle(record.task.id, false);
}

/** A step that throws ends the attempt, with the words of the error; a full disk and a lost lead are not the attempt's. */
async function orFail(record: TaskRecord, stage: Failure["stage"], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Superseded) throw error;
    const { task } = record;
    // A wrapper that was first with its claim has let the agent in: that run is taken up (`recover`), whatever went wrong here.
    if (task.runStarted !== null && !fence(runDir(record.dir, task.run))) return;
    if (isDiskFull(error)) {
      await record.add([{ type: "held", kind: "limit", until: null, text: "waits for disk space: the disk was full when it started" }]);
      throw error;
    }
    const failure: Failure = {
      stage,
      code: error instanceof CopseError ? error.code : "BUG",
      message: messageOf(error),
      hint: error instanceof CopseError ? error.hint : "This is a bug in Copse; see copse runner logs.",
    };
    const again = task.failures < task.request.retries && ["COMMAND_FAILED", "TIMED_OUT", "GIT_FAILED"].includes(failure.code);
    await record.add([
      { type: "attempt-failed", failure, retryAt: again ? new Date(Date.now() + retryDelayMs(task.failures)).toISOString() : null },
    ]);
  }
}

/** Runs `work` with a signal that aborts when a stop is asked for. */
async function stoppable<T>(record: TaskRecord, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const look = () => {
    if (record.task.stopAsked !== null) controller.abort();
  };
  const end = record.onChange(look);
  look();
  try {
    return await work(controller.signal);
  } finally {
    end();
  }
}
