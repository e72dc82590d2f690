/** One task's way through the house: what does it need now (`nextStep`), do that, look again, until nothing is left to do here. */
import { CopseError, isDiskFull, messageOf } from "../core/errors.ts";
import { retryDelayMs } from "../core/judge.ts";
import { placeOf } from "../core/line.ts";
import { holdsSlot, nextStep } from "../core/next.ts";
import type { Failure, Task } from "../core/task.ts";
import { fence } from "../process/supervised.ts";
import type { Queue, Slot } from "../queue/queue.ts";
import { deliver } from "../result/deliver.ts";
import { agentFor } from "../session/agents/index.ts";
import { runEnvironment } from "../session/environment.ts";
import { startSession } from "../session/start.ts";
import { watchRun } from "../session/watch.ts";
import type { Config } from "../store/config.ts";
import { runDir } from "../store/paths.ts";
import { Superseded, type TaskRecord } from "../store/record.ts";
import { debug } from "../system/debug.ts";
import { roomAt } from "../system/disk.ts";
import { isAlive } from "../system/identity.ts";
import { placeStands, prepare } from "../worktree/prepare.ts";
import { recoverRun } from "./recover.ts";

export interface House {
  readonly queue: Queue;
  /** The configuration as it is now. */
  readonly config: () => Config;
  /** Lets one start of this agent through at a time, with a pause between. */
  readonly stagger: (agent: string) => Promise<void>;
  /** The task waits for a person (true) or needs the runner again (false). */
  readonly idle: (id: string, idle: boolean) => void;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const spaceLookMs = 1000;

/** Settles when the task has ended. @throws Superseded when another runner has taken over */
export async function drive(record: TaskRecord, house: House): Promise<void> {
  let slot: Slot | null = null;
  let mine = false;
  const release = () => {
    slot?.release();
    slot = null;
  };
  if (holdsSlot(record.task)) slot = house.queue.adopt(placeOf(record.task));
  try {
    for (;;) {
      const step = nextStep(record.task, mine);
      debug(() => `${record.task.label}: ${record.task.state} → ${step.do}`);
      try {
        switch (step.do) {
          case "nothing":
            return;
          case "wait-for-slot":
            mine = false;
            release();
            slot = await takeSlot(record, house, step.notBefore);
            break;
          case "wait-for-person":
            mine = false;
            release();
            await waitForPerson(record, house);
            break;
          case "prepare":
            await orFail(record, "prepare", () =>
              stoppable(record, (signal) => prepare(record, runEnvironment(record.task, record.dir, record.task.run + 1), signal)),
            );
            break;
          case "start":
            await orFail(record, "run", async () => {
              if (!(await placeStands(record))) return;
              const agent = agentFor(record.task.request);
              if (agent.resumes) await house.stagger(agent.name);
              const child = await startSession(record, house.config());
              if (child.exitCode === null && child.signalCode === null) child.once("exit", () => record.wake());
              mine = record.task.runStarted === true;
            });
            break;
          case "recover":
            mine = await recoverRun(record);
            break;
          case "watch":
            await watchRun(record, { going });
            mine = false;
            break;
          case "stop":
            await record.add((task) =>
              task.stopAsked === null ? [] : [{ type: "stopped", how: `stopped by ${task.stopAsked} before it ran on` }],
            );
            break;
          case "deliver":
            if (slot === null && needsChecks(record.task))
              slot = await house.queue.enter(placeOf(record.task), new AbortController().signal);
            await stoppable(record, (signal) => deliver(record, runEnvironment(record.task, record.dir, record.task.run), signal));
            release();
            break;
        }
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        debug(() => `${record.task.label}: waits for disk space: ${messageOf(error)}`);
        await sleep(spaceLookMs);
      }
    }
  } finally {
    release();
  }

  async function going(goes: boolean): Promise<void> {
    if (goes) slot ??= house.queue.adopt(placeOf(record.task));
    else release();
  }
}

const needsChecks = (task: Task): boolean =>
  task.outcome?.kind === "completed" && task.request.verify.length > 0 && task.verify.status === "none";

/** Waits for the task's time, a slot and room on the disk; null when something else came first (a stop). */
async function takeSlot(record: TaskRecord, house: House, notBefore: string | null): Promise<Slot | null> {
  const waitMs = notBefore === null ? 0 : Date.parse(notBefore) - Date.now();
  if (waitMs > 0) {
    await record.wait(Math.min(waitMs, 60_000));
    return null;
  }
  const slot = await enterUnlessChanged(record, house.queue);
  if (slot === null) return null;
  const lack = lackOfRoom(record, house.config().minFreeMb);
  if (lack !== undefined) {
    slot.release();
    if (record.task.notBefore?.text !== lack) await record.add([{ type: "held", kind: "limit", until: null, text: lack }]);
    await sleep(spaceLookMs);
    return null;
  }
  const task = await record.add((now) =>
    now.state === "queued" && now.stopAsked === null && now.attachedBy === null ? [{ type: "slot-taken" }] : [],
  );
  if (task.state === "preparing") return slot;
  slot.release();
  return null;
}

/** null when the task no longer waits for a slot (a stop, an attach). */
async function enterUnlessChanged(record: TaskRecord, queue: Queue): Promise<Slot | null> {
  const gone = new AbortController();
  const end = record.onChange(() => {
    if (nextStep(record.task, false).do !== "wait-for-slot") gone.abort();
  });
  try {
    return await queue.enter(placeOf(record.task), gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return null;
    throw error;
  } finally {
    end();
  }
}

/** The text does not name the figure: it would be a new event at every look. */
function lackOfRoom(record: TaskRecord, minFreeMb: number): string | undefined {
  for (const place of [record.dir, record.task.repo]) {
    const room = roomAt(place);
    if (room && room.bytes < minFreeMb * 1024 * 1024) return `waits for disk space: under ${minFreeMb} MB free at ${place}`;
    if (room && minFreeMb > 0 && room.inodes < 10_000) return `waits for disk space: under 10000 inodes free at ${place}`;
  }
  return undefined;
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
    if (isDiskFull(error)) {
      await record.add([{ type: "held", kind: "limit", until: null, text: "waits for disk space: the disk was full when it started" }]);
      throw error;
    }
    const { task } = record;
    if (task.runStarted !== null) fence(runDir(record.dir, task.run));
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
