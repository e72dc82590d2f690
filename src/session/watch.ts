/**
 * The step that keeps an eye on a run: reads its recording as it grows, tells what it does, notices questions, ends it when asked, and judges its end.
 * Adopting a run after a crash is the same step: everything is read again from the start of the recording.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Fact } from "../core/events.ts";
import { type Cut, type Exit, judge } from "../core/judge.ts";
import { safeLine } from "../core/safe.ts";
import type { Needs, Task } from "../core/task.ts";
import { type Ladder, stopRun, sweepRun, usualLadder } from "../process/stop.ts";
import { lookAt, type Sight } from "../process/supervised.ts";
import { endOf, tail } from "../process/tail.ts";
import { runDir } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import { debug } from "../system/debug.ts";
import { processesOf } from "../system/identity.ts";
import { Account } from "./account.ts";
import { agentFor } from "./agents/index.ts";
import { trimRecording } from "./recording.ts";
import { cookieOf } from "./start.ts";

export interface Watch {
  /** The task became blocked (false) or goes on (true): the slot is given back or taken again. */
  readonly going: (goes: boolean) => Promise<void>;
  readonly ladder?: Ladder;
}

/** How long an agent may take to leave once its conversation is over. */
const leaveMs = 60_000;

/** Settles when the run has ended and its end is in the log. @throws Superseded when another runner has taken over */
export async function watchRun(record: TaskRecord, watch: Watch): Promise<void> {
  const { task } = record;
  const dir = runDir(record.dir, task.run);
  const cookie = cookieOf(task, task.run);
  const reader = agentFor(task.request).reader(task.worktree as string);
  const account = new Account(task.progress);
  const recording = tail(join(dir, "out"));
  let begun = performance.now() - Math.max(0, Date.now() - Date.parse(task.runStartedAt ?? task.since));
  let minded = performance.now();
  let cut: Cut = null;
  let finishedAt: number | undefined;
  let shownAt = 0;

  const catchUp = () =>
    recording.read((line) => {
      for (const event of reader.read(line)) account.take(event);
    });
  const leader = record.task.identity;

  for (let look = 0; ; look++) {
    const sight = lookAt(dir);
    await catchUp();
    if (sight.is !== "alive") break;
    await tell();
    await mind();
    await record.wait(look < 40 ? 25 : 250);
  }

  const sight = lookAt(dir);
  // Its folder is gone, maybe with all the others: then nothing here is ours to end any more.
  if (sight.is === "unclaimed") record.requireLead();
  const left = await sweepRun(cookie, leader);
  await catchUp();
  const last = recording.rest();
  if (last !== "") for (const event of reader.read(last)) account.take(event);
  const exit = exitOf(sight);
  const ending = account.hopeless && exit.code !== 0 ? reader.end({ code: 1 }) : reader.end(exit);
  const after = judge(
    record.task,
    ending.kind === "failed" ? { ...ending, message: withError(ending.message, dir) } : ending,
    exit,
    cut,
    account.pending(),
    new Date(),
  );
  const facts: Fact[] = [
    ...sessionFacts(record.task),
    ...account.newNotes(record.task.notes).map((text): Fact => ({ type: "noted", text })),
  ];
  if (left > 0)
    facts.push({
      type: "noted",
      text: `${left} ${left === 1 ? "process it left" : "processes it left"} running ${left === 1 ? "was" : "were"} ended`,
    });
  for (const name of ["out", "err"]) {
    const trimmed = trimRecording(join(dir, name));
    if (trimmed !== undefined) facts.push({ type: "noted", text: trimmed });
  }
  record.show(undefined);
  await record.add([
    ...facts,
    { type: "run-ended", run: task.run, exitCode: exit.code, summary: account.summary, progress: account.progress(), after },
  ]);

  /** Writes down what changed: the session's name, a question, its settlement; shows progress once a second. */
  async function tell(): Promise<void> {
    const now = record.task;
    const facts = sessionFacts(now);
    const needs = account.pending();
    if (needs && now.state === "running")
      facts.push({ type: "blocked", needs: { ...needs, since: new Date().toISOString(), source: "stream" } satisfies Needs });
    if (!needs && now.state === "blocked") facts.push({ type: "unblocked" });
    const goes = needs === undefined;
    if (facts.length > 0) await record.add(facts);
    if (goes !== (now.state !== "blocked")) await watch.going(goes);
    if (account.changed && performance.now() - shownAt > 1000) {
      shownAt = performance.now();
      account.changed = false;
      record.show(account.progress());
    }
  }

  function sessionFacts(now: Task): Fact[] {
    const id = account.sessionId;
    return id !== undefined && (!now.sessionBegun || now.sessionId !== id) ? [{ type: "session-named", sessionId: id }] : [];
  }

  /** Ends the run where it must end: asked, out of time, hopeless, or over and not leaving. */
  async function mind(): Promise<void> {
    const { stopAsked, attachedBy, request, state } = record.task;
    const now = performance.now();
    // Time spent waiting for a person is not the run's.
    if (state === "blocked") begun += now - minded;
    minded = now;
    if (stopAsked !== null) {
      const how = await stopRun(cookie, leader, watch.ladder ?? usualLadder);
      cut = { by: "stop", how: `stopped by ${stopAsked} (${how})` };
    } else if (attachedBy !== null) {
      await stopRun(cookie, leader, watch.ladder ?? usualLadder);
      cut = { by: "attach" };
    } else if (request.timeoutMs !== null && performance.now() - begun > request.timeoutMs) {
      await stopRun(cookie, leader, watch.ladder ?? usualLadder);
      cut = { by: "timeout", afterMs: request.timeoutMs };
    } else if (account.hopeless) {
      debug(() => `${task.label}: ends what cannot succeed`);
      await stopRun(cookie, leader, { intMs: 0, termMs: 3000 });
    } else if (account.finished) {
      finishedAt ??= endConversation(dir, cookie);
      if (performance.now() - finishedAt > leaveMs) await stopRun(cookie, leader, { intMs: 0, termMs: 5000 });
    } else {
      finishedAt = undefined;
    }
  }
}

/** Lets the agent see the end of its input by ending the process that holds the pipe open. */
function endConversation(dir: string, cookie: string): number {
  const file = join(dir, "holder");
  const pid = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (pid > 0 && processesOf(cookie, null).includes(pid)) process.kill(pid, "SIGTERM");
  return performance.now();
}

function exitOf(sight: Sight): Exit {
  if (sight.is === "ended") return { code: sight.code };
  return { code: null, why: sight.is === "dead" ? sight.why : "killed" };
}

/** A failed program's own last words on stderr say more than its exit code. */
function withError(message: string, dir: string): string {
  const words = endOf(join(dir, "err"), 4096).trim().split("\n").at(-1) ?? "";
  return words === "" || message.includes(words) ? message : `${message}: ${safeLine(words, 300)}`;
}
