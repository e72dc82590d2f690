/** Tasks that wait for others: `--after`, `--on-failure`, `--base @label`; what is refused, said, skipped and held. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fails, inBox, refused, writes } from "../cli/support.ts";
import { errorOf } from "../support/run-script.ts";
import { kill, runnerPid, type Sandbox, waitFor } from "../support/sandbox.ts";

const gated = (box: Sandbox, name = "gate", then = "true"): string[] => [
  "--exec",
  "--",
  "sh",
  "-c",
  `until test -e '${join(box.dir, name)}'; do sleep 0.05; done; ${then}`,
];
const open = (box: Sandbox, name = "gate") => writeFileSync(join(box.dir, name), "");

async function submit(box: Sandbox, label: string, ...args: string[]): Promise<any> {
  const ran = await box.copse(["run", "-b", "--json", "-l", label, ...args]);
  assert.is(ran.code, 0, ran.stdout + ran.stderr);
  return JSON.parse(ran.stdout).task;
}

inBox("a task waits for those it comes after, and builds on the branch of one of them", async (box) => {
  const a = await submit(box, "api", ...gated(box, "gate", "echo api > api.txt"));
  const b = await submit(box, "docs", ...writes);
  const c = await submit(box, "both", "--after", `${a.id},docs`, "--base", "@ap", "--exec", "--", "cat", "api.txt");
  const wanted = [
    { id: a.id, label: "api" },
    { id: b.id, label: "docs" },
  ];
  assert.equal([c.state, c.after, c.onFailure, c.batch], ["queued", wanted, "skip", null]);
  assert.is(c.waitingFor.kind, "task");
  assert.match(c.waitingFor.text, /^waits for api/);
  assert.equal([a.after, a.onFailure], [[], null]);
  await box.copse(["wait", "docs"]);
  const text = await waitFor(async () => {
    const ran = await box.copse(["tasks"]);
    return /both +queued +waits for api$/m.test(ran.stdout) ? ran.stdout : undefined;
  }, "docs to be off the list");
  assert.match(text, /api +running/);
  assert.match((await box.copse(["show", "both"])).stdout, /after +api, docs/);
  assert.match((await box.copse(["report"])).stdout, /## Waiting for others\n\n### both[\s\S]*waits for api/);
  open(box);
  assert.is((await box.copse(["wait", "--timeout", "30s"])).code, 0);
  const done = await box.task("both");
  assert.is(done.base, box.git(["rev-parse", "copse/api"]).trim());
  assert.ok(done.startedAt >= (await box.task("api")).endedAt);
  assert.match((await box.copse(["logs", "both"])).stdout, /api/);
  const last = await submit(box, "at-once", "--after", "both", ...writes);
  assert.is(last.waitingFor?.kind ?? "slot", "slot", "a prerequisite that is done is waited for no more");
  assert.is((await box.copse(["wait", "at-once"])).code, 0);
});

inBox("what does not go well skips all that waits for it, by name; a new attempt of each goes on", async (box) => {
  await submit(box, "a", ...gated(box, "gate", `test -e '${join(box.dir, "mended")}'`));
  await submit(box, "b", "--after", "a", ...writes);
  await submit(box, "c", "--after", "b", ...writes);
  open(box);
  assert.is((await box.copse(["wait", "a", "b", "c", "--timeout", "30s"])).code, 6);
  const [b, c] = [await box.task("b"), await box.task("c")];
  assert.equal(
    [b.state, b.startedAt, b.worktree, b.failure.stage, b.failure.code],
    ["stopped", null, null, "prepare", "PREREQUISITE_FAILED"],
  );
  assert.is(b.failure.message, "skipped: a failed");
  assert.is(b.failure.hint, "When what was wrong is mended: copse retry a b");
  assert.is(c.failure.message, "skipped: b was skipped (a failed)");
  assert.match((await box.copse(["tasks"])).stdout, /✗ b +stopped .*skipped: a failed/);
  assert.match(
    (await box.copse(["show", "b"])).stdout,
    /hint +When what was wrong is mended[\s\S]*copse retry b +once what it comes after can go well/,
  );
  assert.match((await box.copse(["report"])).stdout, /## Skipped\n\n### b\n[\s\S]*before its first attempt[\s\S]*a failed/);
  refused(await box.copse(["retry", "b"]), 4, /b would be skipped: a failed again/, /copse retry a b/);
  refused(
    await box.copse(["run", "-b", "--after", "a", ...writes]),
    4,
    /a failed, so what waits for it would never start/,
    /copse retry a/,
  );
  writeFileSync(join(box.dir, "mended"), "");
  assert.is((await box.copse(["retry", "a", "b", "c"])).code, 0);
  assert.is((await box.copse(["wait", "a", "b", "c", "--timeout", "30s"])).code, 0);
});

inBox("--on-failure hold keeps it queued until the other has gone well, and lets the runner go", async (box) => {
  box.env["COPSE_IDLE_SECONDS"] = "1";
  await submit(box, "a", ...gated(box, "gate", `test -e '${join(box.dir, "mended")}'`));
  await submit(box, "b", "--after", "a", "--on-failure", "hold", "--base", "@a", ...writes);
  open(box);
  await box.copse(["wait", "a"]);
  const held = await waitFor(async () => {
    const { waitingFor } = await box.task("b");
    return waitingFor?.text.startsWith("held") ? waitingFor : undefined;
  }, "b to be held");
  assert.equal(held, { kind: "task", text: "held: a failed; copse retry a", needsPerson: true });
  const waited = await box.copse(["wait", "b", "--json", "--timeout", "30s"]);
  assert.equal([waited.code, JSON.parse(waited.stdout).task.waitingFor], [5, held], "it is for a person to go on");
  await waitFor(() => runnerPid(box.state) === undefined, "the runner to leave, as nothing goes on by itself");
  writeFileSync(join(box.dir, "mended"), "");
  await box.copse(["retry", "a"]);
  assert.is((await box.copse(["wait", "a", "b"])).code, 0);
  assert.is((await box.task("b")).base, box.git(["rev-parse", "copse/a"]).trim());
});

inBox("--on-failure run starts it once the others have ended, however they did, and not before", async (box) => {
  await submit(box, "a", ...gated(box, "gate", "false"));
  await submit(box, "b", ...gated(box, "gate"));
  await submit(box, "c", "--after", "a", ...writes);
  const d = await submit(box, "d", "--after", "a,b,c", "--on-failure", "run", ...writes);
  assert.equal([d.onFailure, d.waitingFor.text], ["run", "waits for a, b, c"]);
  assert.match((await box.copse(["show", "d"])).stdout, /after +a, b, c \(however they end\)/);
  open(box);
  assert.is((await box.copse(["wait", "d", "--timeout", "30s"])).code, 0);
  const others = await Promise.all(["a", "b", "c"].map((label) => box.task(label)));
  assert.equal(
    others.map(({ state }) => state),
    ["failed", "completed", "stopped"],
  );
  const { startedAt } = await box.task("d");
  for (const { label, endedAt } of others) assert.ok(endedAt <= startedAt, `${label} had ended`);
  await submit(box, "e", "--after", "a", "--on-failure", "run", ...writes);
  assert.is((await box.copse(["wait", "e", "--timeout", "30s"])).code, 0, "also behind one that has failed already");
  const refusal = await box.copse(["run", "-b", "--after", "a", "--base", "@b", "--on-failure", "run", ...writes]);
  refused(refusal, 2, /that has to end well/, /Leave out --base/);
});

inBox("behind a task that asks, all that waits says so, and goes on with the answer", async (box) => {
  const script = `test "$COPSE_ANSWER" || { echo '{"copse":"question","text":"Which db?"}'; exit 5; }`;
  await submit(box, "a", "--exec", "--", "sh", "-c", script);
  await submit(box, "b", "--after", "a", ...writes);
  await submit(box, "c", "--after", "b", ...writes);
  assert.is((await box.copse(["wait", "c", "--timeout", "30s"])).code, 5);
  assert.equal((await box.task("c")).waitingFor, { kind: "task", text: "waits for b (held)", needsPerson: true });
  assert.match((await box.copse(["tasks"])).stdout, /b +queued +waits for a \(needs you\)/);
  await box.copse(["send", "a", "Postgres"]);
  assert.is((await box.copse(["wait", "c", "--timeout", "30s"])).code, 0, "what is said of it is looked up, not remembered");
});

inBox("a branch that was removed meanwhile is built upon all the same", async (box) => {
  await submit(box, "a", ...writes);
  await box.copse(["wait", "a"]);
  const tip = box.git(["rev-parse", "copse/a"]).trim();
  await submit(box, "last", ...gated(box));
  await submit(box, "b", "--after", "last", "--base", "@a", "--exec", "--", "test", "-e", "made.txt");
  assert.is((await box.copse(["rm", "a", "--yes"])).code, 0);
  assert.not.match(box.git(["branch", "--list", "copse/a"]), /copse/);
  open(box);
  await box.copse(["wait", "b", "--timeout", "30s"]);
  const b = await box.task("b");
  assert.equal([b.state, b.base], ["completed", tip], JSON.stringify(b.failure));
  assert.match(b.notes.join(), /copse\/a of a was removed/);
});

inBox("a runner that is killed while others wait loses none and starts none early", async (box) => {
  await submit(box, "a", ...gated(box));
  await submit(box, "b", "--after", "a", ...writes);
  await submit(box, "c", "--after", "a,b", ...writes);
  await waitFor(async () => (await box.task("a")).state === "running", "a to run");
  for (let n = 0; n < 3; n++) {
    const pid = runnerPid(box.state) as number;
    kill(pid);
    await waitFor(() => runnerPid(box.state) !== pid, "the runner to be dead");
    await box.copse(["wait", "--timeout", "0.3s"]);
    await waitFor(() => runnerPid(box.state), "the next runner");
    assert.equal([(await box.task("b")).startedAt, (await box.task("c")).startedAt], [null, null]);
  }
  kill(runnerPid(box.state) as number);
  open(box);
  assert.is((await box.copse(["wait", "--timeout", "30s"])).code, 0);
  const [a, b, c] = [await box.task("a"), await box.task("b"), await box.task("c")];
  assert.ok(a.endedAt <= b.startedAt && b.endedAt <= c.startedAt);
  assert.equal([a.attempt, b.attempt, c.attempt], [1, 1, 1]);
});

inBox("what can never start is refused before anything is written", async (box) => {
  await submit(box, "docs", ...gated(box));
  refused(await box.copse(["run", "-b", "--after", "dosc", ...writes]), 3, /no task is named "dosc"/, /Did you mean docs\?/);
  refused(await box.copse(["run", "-b", "--after", "docs,", ...writes]), 2, /--after: a task is expected/);
  refused(
    await box.copse(["run", "-b", "--after", "docs", "--on-failure", "wait", ...writes]),
    2,
    /expected skip, hold or run, got "wait"/,
  );
  refused(await box.copse(["run", "-b", "--on-failure", "hold", ...writes]), 2, /waits for none/, /--after LABEL/);
  const self = { COPSE_TASK_ID: (await box.task("docs")).id };
  const circle = await box.copse(["run", "--json", "--after", "docs", ...writes], { env: self });
  assert.equal([circle.code, errorOf(circle).code], [4, "CONFLICT"]);
  assert.match(errorOf(circle).message, /docs would wait here for a task that waits for docs itself/);
  assert.is((await box.json(["tasks"])).tasks.length, 1);
  await submit(box, "stopped", ...fails);
  await submit(box, "next", "--after", "docs", ...writes);
  assert.is((await box.copse(["stop", "docs"])).code, 0);
  await box.copse(["wait", "next"]);
  assert.is((await box.task("next")).failure.message, "skipped: docs was stopped");
});

test.run();
