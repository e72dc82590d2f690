/** A chain while the runner is killed at every point between and inside its steps, and at random: each step runs once, in order. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { agent, kill, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

const whole = ["start 0 ", "end 0", "start 1 tests", "end 1", "start 2 changelog", "end 2"];
const chain = ["--then", "tests", "--then", "changelog", "--exec", "--", agent("steps.sh")];
const notesOf = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : []);
const facts = ["slot-taken", "run-starting", "run-started", "run-ended"];
const points = [...facts.flatMap((fact) => [`before-${fact}`, `after-${fact}`]), "after-spawn"];

async function inBox(work: (box: Sandbox) => Promise<void>): Promise<void> {
  const box = await sandbox();
  Object.assign(box.env, { TO: join(box.dir, "to"), COPSE_IDLE_SECONDS: "30" });
  try {
    await work(box);
  } finally {
    await box.close();
  }
}

for (const nth of [1, 2, 3])
  test(`killed the ${nth}. time it comes by each of ${points.length} points: every step runs once`, () =>
    inBox(async (box) => {
      for (const point of points) {
        const label = `${point}-x`;
        const [token, notes] = [join(box.dir, `${label}.token`), join(box.dir, `${label}.notes`)];
        writeFileSync(token, "");
        // The runner that this command starts is the one that dies; the next command brings another, if this one has not.
        await box.copse(["runner", "stop"]);
        const env = { NOTES: notes, COPSE_CRASH_AT: `${point}:${nth}:${token}` };
        const ran = await box.copse(["run", "-b", "-q", "-l", label, ...chain], { env });
        assert.is(ran.code, 0, ran.stderr);
        await waitFor(() => !existsSync(token), `the runner to die at ${point}`);
        assert.is((await box.copse(["wait", label])).code, 0, point);
        assert.equal(notesOf(notes), whole, point);
        const task = await box.task(label);
        assert.equal(
          [task.chain.done, task.chain.steps.map(({ summary }: any) => summary)],
          [2, ["answer 0", "answer 1", "answer 2"]],
          point,
        );
      }
    }));

test("killed at random under twelve chains: every step of each runs once, in order", () =>
  inBox(async (box) => {
    const labels = Array.from({ length: 12 }, (_, i) => `c${i}`);
    for (const label of labels) {
      const ran = await box.copse(["run", "-b", "-q", "-l", label, ...chain], { env: { NOTES: join(box.dir, label) } });
      assert.is(ran.code, 0, ran.stderr);
    }
    for (const step of [1, 2]) writeFileSync(join(box.dir, `to.${step}`), "sleep 0.5\n");
    let kills = 0;
    const over = () => labels.every((label) => notesOf(join(box.dir, label)).length >= whole.length);
    while (!over()) {
      await box.copse(["wait", "--timeout", "0.01s"]);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      const pid = runnerPid(box.state);
      if (pid !== undefined && ++kills) kill(pid);
    }
    await box.copse(["wait"]);
    for (const label of labels) {
      assert.equal(notesOf(join(box.dir, label)), whole, label);
      assert.is((await box.task(label)).state, "completed", label);
    }
    assert.ok(kills >= 2, `${kills} kills`);
    process.stdout.write(`(${kills} kills) `);
  }));

test.run();
