/** A chain with somebody in the middle of it: a person attaches and hands back, or stops it meanwhile; and each step has its own time. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { personConfig } from "../cli/support.ts";
import { agent, builtCli, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { terminal } from "../support/terminal.ts";

interface Chain extends Sandbox {
  notes(): string[];
  noted(line: RegExp): Promise<unknown>;
  /** What the agent does in the middle of a step, as shell; undefined: nothing. */
  inStep(step: number, script: string | undefined): void;
  /** The person leaves the agent's session. */
  leave(): void;
  states(): Promise<string[]>;
}

function inChain(name: string, work: (box: Chain) => Promise<void>): void {
  test(name, async () => {
    const box = await sandbox();
    const [notes, to] = ["notes", "to"].map((file) => join(box.dir, file)) as [string, string];
    Object.assign(box.env, { NOTES: notes, TO: to, ANTHROPIC_API_KEY: "none" });
    personConfig(box, { agents: { claude: { path: agent("converses.sh") } } });
    const read = () => (existsSync(notes) ? readFileSync(notes, "utf8").trimEnd().split("\n") : []);
    try {
      await work({
        ...box,
        notes: read,
        noted: (line) => waitFor(() => read().some((one) => line.test(one)), `${line} to be noted`),
        inStep: (step, script) => (script === undefined ? rmSync(`${to}.${step}`) : writeFileSync(`${to}.${step}`, script)),
        leave: () => writeFileSync(`${to}.leave`, ""),
        states: async () => (await box.task("docs")).chain.steps.map(({ state }: any) => state),
      });
    } finally {
      await box.close();
    }
  });
}

const then = ["--then", "tests", "--then", "changelog"];
const asked = ["run", "-b", "-l", "docs", ...then, "write the docs"];
const interrupted = "You were interrupted. Go on with what you were asked last where you stopped:\\n\\ntests";

inChain(
  "a visit in the middle of a follow-up parks it; handed back, that step goes on, then those behind it, in one session",
  async (box) => {
    box.inStep(1, "sleep 600");
    await box.copse(asked);
    await box.noted(/^start 1 /);
    const screen = terminal(box, `'${process.execPath}' '${builtCli}' attach docs`);
    await screen.shows("Attaching to docs");
    await box.noted(/^visit /);
    const visited = await box.task("docs");
    assert.equal([visited.state, visited.pid, visited.chain.step, visited.chain.done], ["blocked", null, 1, 0]);
    assert.equal(await box.states(), ["completed", "current", "waiting"]);
    box.inStep(1, undefined);
    box.leave();
    await screen.shows("docs is handed back");
    assert.is(await screen.ended, 0);
    assert.is((await box.copse(["wait", "docs"])).code, 0);
    assert.equal(box.notes(), [
      "start 0 write the docs",
      "end 0",
      "start 1 tests",
      `visit ${visited.sessionId}`,
      "left",
      `start 1 ${interrupted}`,
      "end 1",
      "start 2 changelog",
      "end 2",
    ]);
    const done = await box.task("docs");
    assert.equal([done.sessionId, done.attempt, done.chain.done], [visited.sessionId, 4, 2]);
    assert.equal(
      done.chain.steps.map(({ summary }: any) => summary),
      ["answer 0", "answer 1", "answer 2"],
    );
  },
);

inChain("a visit between two steps takes nothing from the next one: it is given its own prompt", async (box) => {
  box.inStep(0, `while [ ! -e "$TO.go" ]; do sleep 0.03; done`);
  await box.copse(asked);
  await box.noted(/^start 0 /);
  await box.copse(["runner", "pause"]);
  writeFileSync(join(box.dir, "to.go"), "");
  await waitFor(async () => (await box.task("docs")).state === "queued", "the first step to be done");
  const screen = terminal(box, `'${process.execPath}' '${builtCli}' attach docs`);
  await box.noted(/^visit /);
  await box.copse(["runner", "resume"]);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(await box.states(), ["completed", "current", "waiting"]);
  assert.is(box.notes().length, 3, "nothing goes on while somebody is there");
  box.leave();
  assert.is(await screen.ended, 0);
  assert.is((await box.copse(["wait", "docs"])).code, 0);
  assert.equal(box.notes().slice(4), ["start 1 tests", "end 1", "start 2 changelog", "end 2"]);
});

inChain("handed back as done the chain ends there; stopped during the visit it stays stopped", async (box) => {
  box.inStep(1, "sleep 600");
  await box.copse(asked);
  await box.noted(/^start 1 /);
  const visit = terminal(box, `'${process.execPath}' '${builtCli}' attach docs --then deliver`);
  await box.noted(/^visit /);
  box.leave();
  assert.is(await visit.ended, 0);
  assert.is((await box.copse(["wait", "docs"])).code, 0);
  assert.equal(await box.states(), ["completed", "completed", "not-run"]);

  rmSync(join(box.dir, "to.leave"));
  await box.copse(["run", "-b", "-l", "more", ...then, "write more"]);
  await box.noted(/^start 0 write more/);
  await waitFor(() => box.notes().filter((line) => line === "start 1 tests").length === 2, "its follow-up");
  const other = terminal(box, `'${process.execPath}' '${builtCli}' attach more`);
  await waitFor(() => box.notes().filter((line) => line.startsWith("visit ")).length === 2, "the visit");
  await box.copse(["stop", "more"]);
  const stopped = await waitFor(async () => {
    const task = await box.task("more");
    return task.state === "stopped" ? task : undefined;
  }, "it to be stopped");
  box.leave();
  await other.shows("more is stopped");
  await other.ended;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const after = await box.task("more");
  assert.equal([after.state, after.endedAt, after.attempt], ["stopped", stopped.endedAt, stopped.attempt], "and is not begun again");
});

inChain(
  "--timeout is for each step: together they may take longer; a step that does not end in time ends the chain, and has all its time again",
  async (box) => {
    for (const step of [0, 1]) box.inStep(step, "sleep 4");
    box.inStep(2, "sleep 600");
    await box.copse(["run", "-b", "--timeout", "6s", ...asked.slice(2)]);
    assert.is((await box.copse(["wait", "docs"])).code, 124);
    const { failure, endedAt, startedAt } = await box.task("docs");
    assert.is(failure.code, "TIMED_OUT", JSON.stringify(failure));
    assert.ok(Date.parse(endedAt) - Date.parse(startedAt) > 14_000, "two steps took longer together than one may");
    assert.equal(await box.states(), ["completed", "completed", "failed"]);
    box.inStep(2, "sleep 4");
    assert.is((await box.copse(["retry", "docs"])).code, 0);
    assert.is((await box.copse(["wait", "docs"])).code, 0);
    assert.equal(await box.states(), ["completed", "completed", "completed"]);
    assert.is(box.notes().filter((line) => line.startsWith("start 1")).length, 1, "what was done is not done again");
  },
);

test.run();
