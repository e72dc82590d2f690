/** The three pure functions of a task's life (`evolve`, `nextStep`, `decide`) beside a reference model that knows only what the contract says. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isAnswered, stepOf, stepToGive } from "../../src/core/chain.ts";
import { decide } from "../../src/core/decide.ts";
import type { After, Fact, TaskEvent } from "../../src/core/events.ts";
import { evolve, foldEvents, moves } from "../../src/core/evolve.ts";
import { judge } from "../../src/core/judge.ts";
import { holdsSlot, nextStep } from "../../src/core/next.ts";
import { type Failure, isTerminal, noProgress, type StateName, type Task, terminalStates } from "../../src/core/task.ts";
import { request } from "../support/task-made.ts";

const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString();
const failure: Failure = { stage: "run", code: "COMMAND_FAILED", message: "it failed", hint: null };
const begun = (followUps = 0) =>
  ({
    type: "added",
    format: 1,
    id: "x",
    label: "x",
    slug: "x",
    repo: "/r",
    repoId: "0",
    cwd: "/r",
    request: request({ followUps: Array.from({ length: followUps }, (_, i) => `then ${i + 1}`) }),
    seq: 1,
    at: at(0),
    epoch: 0,
  }) as TaskEvent;
const who = { pid: 4, start: "4", boot: "b" };

/** What the runner may write, by what it is about to do. Everything else that can happen to a task is a person's. */
interface Model {
  state: StateName;
  live: boolean;
  made: boolean;
  stopping: boolean;
  /** Follow-ups there are, steps that are done (the prompt is the first), and whether the next has been begun. */
  followUps: number;
  done: number;
  begun: boolean;
  /** Follow-ups whose prompt a run was given that started, in order. */
  given: number[];
}
const fresh = (followUps: number): Model => ({
  state: "queued",
  live: false,
  made: false,
  stopping: false,
  followUps,
  done: 0,
  begun: false,
  given: [],
});
interface Real {
  events: TaskEvent[];
  task: Task;
}

function record(real: Real, facts: readonly Fact[]): void {
  for (const fact of facts) {
    const event = { seq: real.task.seq + 1, at: at(real.task.seq), epoch: 1, ...fact } as TaskEvent;
    const before = real.task;
    real.events.push(event);
    real.task = evolve(before, event);
    if (before.state !== real.task.state)
      assert.ok(moves[before.state].includes(real.task.state), `${before.state} → ${real.task.state} by ${event.type}`);
    if (isTerminal(before) && real.task.state !== before.state)
      assert.is(event.type, "retried", `${event.type} changed a task that had ended`);
  }
}

function check(model: Model, real: Real): void {
  assert.is(real.task.state, model.state);
  assert.is(real.task.runStarted !== null, model.live, "a run under way");
  assert.equal(foldEvents(real.events), real.task, "the fold of the log is the task");
  const step = nextStep(real.task, false).do;
  const mine = nextStep(real.task, true).do;
  if (terminalStates.includes(model.state)) assert.is(step, "nothing");
  else if (model.state === "delivering") assert.is(step, "deliver");
  else if (model.live) assert.equal([step, mine], ["recover", "watch"]);
  else if (model.stopping) assert.is(step, "stop");
  else if (model.state === "queued") assert.is(step, "wait-for-slot");
  else if (model.state === "preparing") assert.is(step, model.made ? "start" : "prepare");
  else assert.is(step, "wait-for-person");
  assert.is(real.task.said.length, model.done, "steps that are done");
  assert.is(stepOf(real.task), Math.min(model.done, model.followUps));
  assert.is(isAnswered(real.task), model.followUps > 0 && model.done > 0);
  assert.is(stepToGive(real.task), model.done > 0 && model.done <= model.followUps && !model.begun ? model.done : undefined);
  assert.equal(
    model.given,
    model.given.map((_, i) => i + 1),
    "follow-ups are given in order, each once",
  );
  if (model.state === "completed") assert.is(model.given.length, model.followUps, "a completed chain has none left out");
  assert.is(holdsSlot(real.task), model.state === "preparing" || model.state === "running");
  if (real.task.state !== "blocked") assert.is(real.task.needs, null, `${real.task.state} needs nobody`);
  if (isTerminal(real.task)) assert.ok(real.task.endedAt !== null && real.task.runStarted === null);
  assert.ok(real.task.verify.status !== "verified" || real.task.verify.checks.length > 0);
}

class Command implements fc.Command<Model, Real> {
  readonly name: string;
  readonly may: (model: Readonly<Model>) => boolean;
  readonly facts: (task: Task) => readonly Fact[];
  readonly step: (model: Model) => void;
  constructor(
    name: string,
    may: (model: Readonly<Model>) => boolean,
    facts: (task: Task) => readonly Fact[],
    step: (model: Model) => void,
  ) {
    this.name = name;
    this.may = may;
    this.facts = facts;
    this.step = step;
  }
  check(model: Readonly<Model>) {
    return this.may(model);
  }
  run(model: Model, real: Real) {
    record(real, this.facts(real.task));
    this.step(model);
    check(model, real);
  }
  toString() {
    return this.name;
  }
}

const ended = (model: Readonly<Model>) => terminalStates.includes(model.state);
const runEnds = (name: string, after: After | ((task: Task) => After), then: (model: Model) => void) =>
  new Command(
    `run ends: ${name}`,
    (model) => model.live && (model.state === "running" || model.state === "blocked"),
    (task) => [
      {
        type: "run-ended",
        run: task.run,
        exitCode: 0,
        summary: null,
        progress: noProgress,
        after: typeof after === "function" ? after(task) : after,
      },
    ],
    (model) => {
      model.live = false;
      then(model);
    },
  );

const commands = [
  new Command(
    "slot",
    (m) => m.state === "queued" && !m.stopping,
    () => [{ type: "slot-taken" }],
    (m) => {
      m.state = "preparing";
    },
  ),
  new Command(
    "place made",
    (m) => m.state === "preparing" && !m.made,
    () => [
      { type: "worktree-planned", path: "/w", branch: "copse/x", base: "a", baseRef: "HEAD" },
      { type: "worktree-made", path: "/w", branch: "copse/x", base: "a" },
    ],
    (m) => {
      m.made = true;
    },
  ),
  new Command(
    "starting",
    (m) => m.state === "preparing" && m.made && !m.live,
    (task) => [{ type: "run-starting", run: task.run + 1, sessionId: null }],
    (m) => {
      m.live = true;
    },
  ),
  new Command(
    "started",
    (m) => m.state === "preparing" && m.live,
    (task) => [{ type: "run-started", run: task.run, identity: who }],
    (m) => {
      m.state = "running";
      if (!m.begun && m.done > 0 && m.done <= m.followUps) m.given = [...m.given, m.done];
      m.begun = true;
    },
  ),
  new Command(
    "fenced",
    (m) => m.state === "preparing" && m.live,
    (task) => [{ type: "run-fenced", run: task.run }],
    (m) => {
      m.live = false;
      m.state = "queued";
    },
  ),
  new Command(
    "asks",
    (m) => m.state === "running",
    () => [{ type: "blocked", needs: { kind: "question", text: "?", since: at(0), source: "stream" } }],
    (m) => {
      m.state = "blocked";
    },
  ),
  new Command(
    "goes on",
    (m) => m.state === "blocked" && m.live,
    () => [{ type: "unblocked" }],
    (m) => {
      m.state = "running";
    },
  ),
  runEnds(
    "done",
    (task) => judge(task, { kind: "done" }, { code: 0 }, null, undefined, new Date(at(0))),
    (m) => {
      m.state = m.done < m.followUps ? "queued" : "delivering";
      if (m.followUps === 0) return;
      m.done = Math.min(m.done + 1, m.followUps + 1);
      m.begun = m.done > m.followUps;
    },
  ),
  runEnds("failed", { to: "deliver", outcome: { kind: "failed", failure } }, (m) => {
    m.state = "delivering";
  }),
  runEnds("stopped", { to: "deliver", outcome: { kind: "stopped", how: "asked" } }, (m) => {
    m.state = "delivering";
  }),
  runEnds("again", { to: "queue", counts: true, at: null, kind: "time", why: "again" }, (m) => {
    m.state = "queued";
  }),
  runEnds("limit", { to: "queue", counts: false, at: at(99), kind: "limit", why: "limit" }, (m) => {
    m.state = "queued";
  }),
  runEnds("question", { to: "block", needs: { kind: "question", text: "?", since: at(0), source: "stream" } }, (m) => {
    m.state = "blocked";
  }),
  new Command(
    "attempt failed",
    (m) => m.state === "preparing",
    () => [{ type: "attempt-failed", failure, retryAt: null }],
    (m) => {
      m.state = "delivering";
      m.live = false;
    },
  ),
  new Command(
    "attempt failed, again",
    (m) => m.state === "preparing",
    () => [{ type: "attempt-failed", failure, retryAt: at(50) }],
    (m) => {
      m.state = "queued";
      m.live = false;
    },
  ),
  new Command(
    "held",
    (m) => (m.state === "preparing" && !m.live) || m.state === "queued",
    () => [{ type: "held", kind: "limit", until: null, text: "no room" }],
    (m) => {
      m.state = "queued";
    },
  ),
  new Command(
    "waits for others",
    (m) => m.state === "queued" && !m.made && m.done === 0,
    () => [{ type: "held", kind: "task", until: null, text: "waits for a", needsPerson: true }],
    () => {},
  ),
  new Command(
    "skipped",
    (m) => m.state === "queued" && !m.stopping && !m.made && m.done === 0,
    () => [{ type: "skipped", failure: { ...failure, stage: "prepare" } }],
    (m) => {
      m.state = "stopped";
    },
  ),
  new Command(
    "stop is granted",
    (m) => m.stopping && !m.live && !ended(m) && m.state !== "delivering",
    () => [{ type: "stopped", how: "before it ran on" }],
    (m) => {
      m.state = m.made ? "delivering" : "stopped";
    },
  ),
  new Command(
    "sent back",
    (m) => m.state === "delivering" && !m.stopping,
    () => [{ type: "sent-back", check: "npm test", text: "it failed" }],
    (m) => {
      m.state = "queued";
    },
  ),
  new Command(
    "delivered",
    (m) => m.state === "delivering",
    () => [
      {
        type: "delivered",
        result: { outcome: "changes", summary: null, commits: 1, diff: { files: 1, insertions: 1, deletions: 0 }, pr: null, report: "/r" },
        failure: null,
      },
    ],
    () => {},
  ),
  new Command(
    "a person stops",
    () => true,
    (task) => {
      const decision = decide(task, { ask: "stop", by: "a person" });
      assert.is("refused" in decision, isTerminal(task));
      return "facts" in decision ? decision.facts : [];
    },
    (m) => {
      if (!ended(m)) m.stopping = true;
    },
  ),
  new Command(
    "a person tries again",
    () => true,
    (task) => {
      const decision = decide(task, { ask: "retry", by: "a person" });
      assert.is("refused" in decision, !isTerminal(task));
      return "facts" in decision ? decision.facts : [];
    },
    (m) => {
      if (!ended(m)) return;
      m.state = "queued";
      m.stopping = false;
      if (m.followUps > 0) m.done = Math.min(m.done, m.followUps);
    },
  ),
  new Command(
    "noted",
    () => true,
    () => [{ type: "noted", text: "a note" }],
    () => {},
  ),
  new Command(
    "something of a later version",
    () => true,
    () => [{ type: "hugged" } as never],
    () => {},
  ),
];

/** Delivery ends in what the run came to; the model takes it from the last outcome it has seen. */
class Delivered extends Command {
  override run(model: Model, real: Real) {
    const kind = real.task.outcome?.kind ?? "completed";
    record(real, this.facts(real.task));
    model.state = kind;
    check(model, real);
  }
}
const delivered = commands.find((one) => one.name === "delivered") as Command;
const all = commands.map((one) => (one === delivered ? new Delivered(one.name, one.may, one.facts, one.step) : one));

test("any life that can be lived keeps the promises", () => {
  fc.assert(
    fc.property(
      fc.commands(
        all.map((one) => fc.constant(one)),
        { maxCommands: 100, size: "max" },
      ),
      fc.constantFrom(0, 1, 2),
      (list, followUps) => {
        const added = begun(followUps);
        const setup = () => ({
          model: fresh(followUps),
          real: { events: [added], task: evolve(undefined, added) },
        });
        fc.modelRun(setup, list);
      },
    ),
    { numRuns: 250 },
  );
});

test("every move of the table is made by some life, and no other", () => {
  const made = new Set<string>();
  const todo: { model: Model; real: Real }[] = [0, 1].map((followUps) => {
    const added = begun(followUps);
    return { model: fresh(followUps), real: { events: [added], task: evolve(undefined, added) } };
  });
  const seen = new Set<string>();
  for (let here = todo.pop(); here; here = todo.pop()) {
    const key = JSON.stringify([here.model, here.real.task.outcome?.kind]);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const one of all) {
      if (!one.check(here.model)) continue;
      const model = { ...here.model };
      const real = { events: [...here.real.events], task: here.real.task };
      one.run(model, real);
      made.add(`${here.model.state} → ${model.state}`);
      todo.push({ model, real });
    }
  }
  const table = new Set(Object.entries(moves).flatMap(([from, to]) => to.map((one) => `${from} → ${one}`)));
  for (const move of made) assert.ok(table.has(move), move);
  // Moves that only an attach, or a delivery that failed, make; they are not lived here.
  const elsewhere = new Set(["queued → delivering", "queued → blocked", "failed → delivering", "blocked → stopped"]);
  const idle = (move: string) => move.split(" → ")[0] === move.split(" → ")[1];
  for (const move of table) if (!idle(move) && !elsewhere.has(move)) assert.ok(made.has(move), `nobody makes the move ${move}`);
});

test("a delivery that failed is delivered again, the agent is not run again", () => {
  const facts: Fact[] = [
    { type: "slot-taken" },
    { type: "worktree-made", path: "/w", branch: "copse/x", base: "a" },
    { type: "run-starting", run: 1, sessionId: null },
    { type: "run-started", run: 1, identity: who },
    {
      type: "run-ended",
      run: 1,
      exitCode: 0,
      summary: null,
      progress: noProgress,
      after: { to: "deliver", outcome: { kind: "completed" } },
    },
    {
      type: "delivered",
      result: { outcome: "changes", summary: null, commits: 1, diff: { files: 1, insertions: 1, deletions: 0 }, pr: null, report: "/r" },
      failure: { ...failure, stage: "deliver" },
    },
  ];
  const added = begun();
  const real = { events: [added], task: evolve(undefined, added) };
  record(real, facts);
  assert.is(real.task.state, "failed");
  record(real, [{ type: "retried", by: "a person" }]);
  assert.is(real.task.state, "delivering");
  assert.is(nextStep(real.task, false).do, "deliver");
});

test.run();
