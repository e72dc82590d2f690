/** `--then`: follow-ups behind a task's prompt run one after the other, in the background once the prompt is answered; none is lost, none is run twice. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { personConfig, projectConfig } from "../cli/support.ts";
import { agent, kill, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

interface Chain extends Sandbox {
  /** What the steps have noted, a line each. */
  notes(): string[];
  /** What the agent does in the middle of a step, as shell. */
  inStep(step: number, script: string): void;
  /** Such a script: it goes on once `go` is called. */
  readonly holds: string;
  go(): void;
  noted(line: string): Promise<unknown>;
}

function inChain(name: string, work: (box: Chain) => Promise<void>): void {
  test(name, async () => {
    const box = await sandbox();
    const [notes, to, go] = ["notes", "to", "go"].map((file) => join(box.dir, file)) as [string, string, string];
    Object.assign(box.env, { NOTES: notes, TO: to });
    const read = () => (existsSync(notes) ? readFileSync(notes, "utf8").trimEnd().split("\n") : []);
    try {
      await work({
        ...box,
        notes: read,
        inStep: (step, script) => writeFileSync(`${to}.${step}`, script),
        holds: `while [ ! -e '${go}' ]; do sleep 0.03; done\n`,
        go: () => writeFileSync(go, ""),
        noted: (line) => waitFor(() => read().includes(line), `"${line}" to be noted`),
      });
    } finally {
      await box.close();
    }
  });
}

const steps = ["--exec", "--", agent("steps.sh")];
const whole = ["start 0 ", "end 0", "start 1 tests", "end 1", "start 2 changelog", "end 2"];
const then = ["--then", "tests", "--then", "changelog"];

inChain("in the foreground the prompt is back with the answer; follow-ups go on, and checks run once, after the last", async (box) => {
  box.inStep(1, box.holds);
  const ran = await box.copse(["run", "-l", "docs", ...then, "--verify", 'echo check >> "$NOTES"', ...steps]);
  assert.is(ran.code, 0, ran.stderr);
  assert.match(ran.stdout, /\nanswer 0\n$/);
  assert.match(ran.stderr, /2 follow-ups go on in the background: copse logs -f docs/);
  await box.noted("start 1 tests");
  const open = await waitFor(async () => {
    const task = await box.task("docs");
    return task.state === "running" ? task : undefined;
  }, "the follow-up to run");
  const step = (n: number, prompt: string, state: string) => ({
    step: n,
    prompt,
    state,
    summary: state === "completed" ? `answer ${n}` : null,
  });
  const title = agent("steps.sh");
  assert.equal(open.chain, {
    done: 0,
    total: 2,
    step: 1,
    steps: [step(0, title, "completed"), step(1, "tests", "current"), step(2, "changelog", "waiting")],
  });
  assert.equal([open.endedAt, open.result, open.verify.status], [null, null, "none"]);
  assert.match((await box.copse(["tasks"])).stdout, /docs +running .* follow-up 1 of 2/);
  box.go();
  assert.is((await box.copse(["wait", "docs"])).code, 0);
  assert.equal(box.notes(), [...whole, "check"]);
  const done = await box.task("docs");
  assert.equal([done.state, done.attempt, done.verify.status, done.chain.done, done.chain.step], ["completed", 3, "verified", 2, null]);
  const report = readFileSync(done.result.report, "utf8");
  assert.match(report, /Then, in the same session:\n\n1\. tests: completed\n2\. changelog: completed\n/);
  assert.match(report, /answer 0\n\n\[follow-up 1 of 2: tests\]\nanswer 1\n\n\[follow-up 2 of 2: changelog\]\nanswer 2\n/);
});

inChain("a step that fails ends the chain and says what was not run; retry goes on with that step", async (box) => {
  box.inStep(1, "exit 3");
  const ran = await box.copse(["run", "--json", "-l", "docs", ...then, ...steps]);
  assert.is(ran.code, 0, "the prompt itself was answered");
  assert.is(JSON.parse(ran.stdout).task.chain.steps[0].summary, "answer 0");
  assert.is((await box.copse(["wait", "docs"])).code, 1);
  const failed = await box.task("docs");
  assert.equal([failed.state, failed.failure.code, failed.chain.done], ["failed", "COMMAND_FAILED", 0]);
  assert.equal(
    failed.chain.steps.map(({ state }: any) => state),
    ["completed", "failed", "not-run"],
  );
  assert.match(
    readFileSync(failed.result.report, "utf8"),
    /\*\*Failed\*\* \(in the run\) \(in follow-up 1 of 2, 1 not run\)[\s\S]*2\. changelog: \*\*not run\*\*/,
  );
  assert.match(
    (await box.copse(["show", "docs"])).stdout,
    /in follow-up 1 of 2, 1 not run[\s\S]*1\. tests \(failed\); 2\. changelog \(not run\)/,
  );
  rmSync(join(box.dir, "to.1"));
  assert.is((await box.copse(["retry", "docs"])).code, 0);
  assert.is((await box.copse(["wait", "docs"])).code, 0);
  assert.equal(box.notes(), [...whole.slice(0, 3), ...whole.slice(2)], "the prompt is not run again");
});

inChain(
  "stopped in the middle, what follows is not run; asked, a follow-up blocks the task; at a limit it waits and goes on with the same step",
  async (box) => {
    box.inStep(1, box.holds);
    await box.copse(["run", "-b", "-q", "-l", "docs", ...then, ...steps]);
    await box.noted("start 1 tests");
    await box.copse(["stop", "docs"]);
    const stopped = await box.task("docs");
    assert.is(stopped.state, "stopped");
    assert.equal(
      stopped.chain.steps.map(({ state }: any) => state),
      ["completed", "stopped", "not-run"],
    );
    box.inStep(
      1,
      `[ -n "$COPSE_ANSWER" ] || { echo '{"copse":"question","text":"Which?"}'; exit 5; }\necho "told $COPSE_ANSWER" >> "$NOTES"`,
    );
    const until = `$(date -u -d '+1 sec' +%Y-%m-%dT%H:%M:%SZ)`;
    box.inStep(2, `[ -e "$TO.met" ] || { touch "$TO.met"; echo "{\\"copse\\":\\"limit\\",\\"until\\":\\"${until}\\"}"; exit 75; }`);
    await box.copse(["retry", "docs"]);
    assert.is((await box.copse(["wait", "docs"])).code, 5);
    assert.is((await box.task("docs")).needs.text, "Which?");
    await box.copse(["send", "docs", "this one"]);
    assert.is((await box.copse(["wait", "docs"])).code, 0);
    const [first, second] = ["start 1 tests", "start 2 changelog"];
    assert.equal(box.notes(), ["start 0 ", "end 0", first, first, first, "told this one", "end 1", second, second, "end 2"]);
  },
);

inChain("the runner killed between two steps and in the middle of one: none is lost, none is run twice", async (box) => {
  const token = join(box.dir, "token");
  writeFileSync(token, "");
  box.inStep(1, box.holds);
  const ran = await box.copse(["run", "-l", "docs", ...then, ...steps], { env: { COPSE_CRASH_AT: `after-run-ended:1:${token}` } });
  assert.is(ran.code, 0, ran.stderr);
  assert.not.ok(existsSync(token), "it was killed after the prompt's run");
  const another = box.copse(["wait", "docs"]);
  await box.noted("start 1 tests");
  kill(runnerPid(box.state) as number);
  box.go();
  assert.is((await another).code, 0);
  assert.equal(box.notes(), whole);
});

inChain("--max-cost is for the whole chain", async (box) => {
  for (const step of [0, 1, 2]) box.inStep(step, `echo '{"copse":"cost","usd":0.2}'; [ ${step} = 2 ] && sleep 60`);
  await box.copse(["run", "-b", "-l", "docs", "--max-cost", "0.5", ...then, ...steps]);
  assert.is((await box.copse(["wait", "docs"])).code, 1);
  const { failure, chain, cost } = await box.task("docs");
  assert.equal([failure.code, chain.done, cost.usd], ["COST_LIMIT", 1, 0.6]);
});

inChain("`after` of the configuration comes behind --then, for agents only, once it is trusted; --no-then leaves it out", async (box) => {
  personConfig(box, { agents: { claude: { command: [agent("steps.sh")] } } });
  projectConfig(box, { after: ["update the changelog\nas CONTRIBUTING says"] });
  const refused = await box.copse(["run", "-b", "write"]);
  assert.is(refused.code, 77);
  assert.match(refused.stderr, /\(after\)/);
  assert.is((await box.copse(["config", "trust", "--yes"])).code, 0);
  const made = async (...args: string[]) => JSON.parse((await box.copse(["run", "-b", "--json", ...args])).stdout).task.chain;
  const titles = (chain: any) => chain.steps.map(({ prompt }: any) => prompt);
  assert.equal(titles(await made("-l", "docs", "--then", "tests", "write")), ["write", "tests", "update the changelog"]);
  assert.equal(titles(await made("-l", "own", "--no-then", "--then", "tests", "write")), ["write", "tests"]);
  assert.is(await made("-l", "none", "--no-then", "write"), null);
  assert.is(await made("-l", "command", "--exec", "--", "true"), null);
  assert.is((await box.copse(["wait"])).code, 0);
  assert.ok(box.notes().join("\n").includes("start 2 update the changelog\nas CONTRIBUTING says\nend 2"), "the whole of it is given");
  for (const args of [["--then", " ", "write"], ["--then"]]) assert.is((await box.copse(["run", "-b", ...args])).code, 2);
  projectConfig(box, { after: ["  "] });
  assert.match((await box.copse(["run", "-b", "write"])).stderr, /after\.0` to have words in it/);
});

test.run();
