/**
 * The step that keeps an eye on a run: reads its recording as it grows, tells what it does, notices questions, ends it when asked, and judges its end.
 * Adopting a run after a crash is the same step: everything is read again from the start of the recording.
 */
import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import type { Fact } from "../core/events.ts";
import { sha256 } from "../core/hash.ts";
import { type Cut, type Exit, judge, type Pending } from "../core/judge.ts";
import { safeLine } from "../core/safe.ts";
import type { Message, Task } from "../core/task.ts";
import { type Ladder, stopRun, sweepRun, usualLadder } from "../process/stop.ts";
import { lookAt, type Sight } from "../process/supervised.ts";
import { endOf, tail } from "../process/tail.ts";
import { isSlotLent } from "../store/lending.ts";
import { runDir } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import { debug } from "../system/debug.ts";
import { processesOf } from "../system/identity.ts";
import { Account } from "./account.ts";
import { agentFor } from "./agents/index.ts";
import { trimRecording } from "./recording.ts";
import { cookieOf } from "./start.ts";

export interface Watch {
  /** The task became blocked or only waits for others (false), or goes on (true): the slot is given back or taken again. */
  readonly going: (goes: boolean) => Promise<void>;
  /** Has the task a slot? If not, it gets into line for one, and the record is woken when it is there. */
  readonly hasSlot: () => boolean;
  /** The provider has answered: the login works. */
  readonly answeredBy: () => void;
  /** Admission is closed: the run is parked until then (null: until it is open again). */
  readonly closed: () => { readonly until: string | null; readonly text: string } | null;
  /** How long a blocked task may keep its process. */
  readonly holdMs: () => number;
  readonly ladder?: Ladder;
}

/** How long an agent may take to leave once its conversation is over. */
const leaveMs = 60_000;
/** How long an agent that has finished may take to begin with a message that came at its end. */
const hearMs = 10_000;

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
  const pipe = pipeInto(dir);
  /** Messages written into this run's pipe by this process. */
  const sent = new Set<string>();
  let saidAt = 0;
  let shownAt = 0;
  let lent = false;

  const catchUp = () =>
    recording.read((line) => {
      for (const event of reader.read(line)) account.take(event);
    });
  const leader = record.task.identity;

  for (let look = 0; ; look++) {
    const sight = lookAt(dir);
    await catchUp();
    for (const requestId of record.task.givenTo) {
      account.settle(requestId);
      reader.settle?.(requestId);
    }
    if (sight.is !== "alive") break;
    await passOn();
    await tell();
    await lend();
    await mind();
    await record.wait(look < 40 ? 25 : 250);
  }

  const sight = lookAt(dir);
  if (sight.is === "unclaimed") {
    // Its folder is gone. If all the others go with it (they do not go in one moment), nothing here is ours to end any more.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    record.requireLead();
  }
  const left = await sweepRun(cookie, leader);
  await catchUp();
  const last = recording.rest();
  if (last !== "") for (const event of reader.read(last)) account.take(event);
  const exit = exitOf(sight);
  const ending = account.hopeless && exit.code !== 0 ? reader.end({ code: 1 }) : reader.end(exit);
  const said = ending.kind === "failed" ? { ...ending, message: withError(ending.message, dir) } : ending;
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
  const { summary } = account;
  const progress = account.progress();
  // Judged on the log as it stands: an answer or a message may have come this very moment.
  await record.add((now) => {
    const heard = heardFacts(now.messages);
    const left = { ...now, messages: now.messages.slice(heard[0]?.count ?? 0) };
    const after = judge(left, said, exit, cut, account.pending(), new Date());
    return [...facts, ...heard, { type: "run-ended", run: task.run, exitCode: exit.code, summary, progress, after }];
  });

  /** Writes down what changed: the session's name, a question, its settlement; shows progress once a second. */
  async function tell(): Promise<void> {
    const now = record.task;
    const facts = sessionFacts(now);
    const needs = account.pending();
    if (needs && now.state === "running") facts.push(blocked(needs));
    // What it asked was settled by itself, and something else is asked already.
    if (needs && now.state === "blocked" && now.needs?.requestId !== undefined && now.needs.requestId !== account.pendingId())
      facts.push({ type: "unblocked" }, blocked(needs));
    if (!needs && now.state === "blocked") facts.push({ type: "unblocked" });
    const goes = needs === undefined;
    if (facts.length > 0) await record.add(facts);
    if (record.task.state === "blocked" || (now.state === "blocked" && goes)) await watch.going(goes);
    if (account.hasAnswer) watch.answeredBy();
    if (account.changed && performance.now() - shownAt > 1000) {
      shownAt = performance.now();
      account.changed = false;
      record.show(account.progress());
    }
  }

  /** While it only waits for other tasks, its slot is theirs. */
  async function lend(): Promise<void> {
    const lends = record.task.state === "running" && isSlotLent(dir);
    if (lends === lent) return;
    lent = lends;
    if (record.task.state === "running") await watch.going(!lends);
  }

  function blocked(needs: Pending): Fact {
    const requestId = account.pendingId();
    const since = new Date().toISOString();
    return { type: "blocked", needs: { ...needs, ...(requestId === undefined ? {} : { requestId }), since, source: "stream" } };
  }

  /** Gives the agent what a person said: the answer it waits for, once there is a slot to go on with; else guidance. */
  async function passOn(): Promise<void> {
    const { answer, messages, state } = record.task;
    if (watch.closed() !== null) return;
    if (!pipe.flush()) return;
    if (answer !== null) {
      const asked = answer.needs.requestId;
      const requestId = asked === undefined ? account.pendingId() : account.isOpen(asked) ? asked : undefined;
      if (requestId !== undefined && !watch.hasSlot()) return;
      const given = requestId === undefined ? undefined : reader.answer?.(requestId, answer.answer);
      if (requestId !== undefined && given === undefined) return;
      if (given !== undefined && !pipe.say(given.text)) return;
      // Not asked any more: it was given before a crash, and the agent went on with it.
      if (requestId === undefined) await watch.going(true);
      else account.settle(requestId);
      await record.add([{ type: "answer-given", run: task.run, requestId: requestId ?? null, granted: given?.granted ?? [] }]);
    } else if (messages.length > 0 && state === "running" && reader.message) {
      await sayMessages(messages, reader.message);
    }
  }

  /** A message is the agent's once it has taken it up; until then it stays in the log, for the next run if this one ends first. */
  async function sayMessages(messages: readonly Message[], line: (text: string, id: string) => string): Promise<void> {
    for (const message of messages) {
      const id = messageId(task.id, message.seq);
      if (sent.has(id) || finishedAt !== undefined) continue;
      if (!pipe.say(line(message.text, id))) break;
      sent.add(id);
      saidAt = performance.now();
    }
    const facts = heardFacts(messages);
    if (facts.length > 0) await record.add(facts);
  }

  function heardFacts(messages: readonly Message[]): Extract<Fact, { type: "messages-given" }>[] {
    const isHeard = ({ seq }: Message) => {
      const id = messageId(task.id, seq);
      return account.hasHeard(id) || (sent.has(id) && account.finished && !account.tellsHeard());
    };
    const first = messages.findIndex((message) => !isHeard(message));
    const count = first === -1 ? messages.length : first;
    return count > 0 ? [{ type: "messages-given", run: task.run, count }] : [];
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
    } else if (state === "blocked" && record.task.needs !== null && Date.now() - Date.parse(record.task.needs.since) > watch.holdMs()) {
      await stopRun(cookie, leader, watch.ladder ?? usualLadder);
      cut = { by: "park" };
    } else if (state === "running" && !account.finished && watch.closed() !== null) {
      const { until, text } = watch.closed() ?? { until: null, text: "" };
      await stopRun(cookie, leader, watch.ladder ?? usualLadder);
      cut = { by: "limit", until, text };
    } else if (isOver(account.progress().cost.usd, request.maxCostUsd)) {
      await stopRun(cookie, leader, watch.ladder ?? usualLadder);
      cut = { by: "cost", usd: account.progress().cost.usd ?? 0, maxUsd: request.maxCostUsd ?? 0 };
    } else if (request.timeoutMs !== null && performance.now() - begun > request.timeoutMs) {
      await stopRun(cookie, leader, watch.ladder ?? usualLadder);
      cut = { by: "timeout", afterMs: request.timeoutMs };
    } else if (account.hopeless) {
      debug(() => `${task.label}: ends what cannot succeed`);
      await stopRun(cookie, leader, { intMs: 0, termMs: 3000 });
    } else if (account.finished && (sent.size === 0 || record.task.messages.length === 0 || performance.now() - saidAt > hearMs)) {
      finishedAt ??= endConversation(dir, cookie);
      if (performance.now() - finishedAt > leaveMs) await stopRun(cookie, leader, { intMs: 0, termMs: 5000 });
    } else {
      finishedAt = undefined;
    }
  }
}

const isOver = (usd: number | null, maxUsd: number | null): boolean => usd !== null && maxUsd !== null && usd > maxUsd;

/** The way into the conversation. */
function pipeInto(dir: string): { say(text: string): boolean; flush(): boolean } {
  /** The part of a line that the pipe had no room for; it goes before anything else. */
  let rest: Buffer = Buffer.alloc(0);
  function flush(): boolean {
    if (rest.length > 0) rest = rest.subarray(write(dir, rest));
    return rest.length === 0;
  }
  return {
    flush,
    /** false when nobody reads it (any more), or the pipe stays full: what was to be said waits. */
    say(text) {
      if (!flush()) return false;
      const data = Buffer.from(text);
      const written = write(dir, data);
      if (written > 0) rest = data.subarray(written);
      return written > 0;
    },
  };
}

/** @returns how much of it went into the pipe */
function write(dir: string, data: Buffer): number {
  let fd: number;
  try {
    fd = openSync(join(dir, "in"), constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return 0;
  }
  let at = 0;
  try {
    for (let tries = 0; at < data.length && tries < 20; ) {
      try {
        at += writeSync(fd, data, at);
      } catch (error) {
        if (systemCode(error) !== "EAGAIN") return at;
        // Full for a moment.
        tries++;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
    return at;
  } finally {
    closeSync(fd);
  }
}

/** The same for the same message, whoever sends it: a UUID. */
function messageId(task: string, seq: number): string {
  const hex = sha256(`${task} ${seq}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
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
