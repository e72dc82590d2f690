/** Turns and the slot that no batch takes, on the built command: who asks for one thing gets it beside a batch of fifty, batches of unlike tasks get equal time, priority goes before all; after a killed runner too. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { eventsFile } from "../../src/store/paths.ts";
import { listTaskDirs } from "../../src/store/tasks.ts";
import { inBox } from "../cli/support.ts";
import { settings, submit } from "../support/run-script.ts";
import { kill, runnerPid, type Sandbox, waitFor } from "../support/sandbox.ts";

/** Tasks of `name`; each writes a line when it begins and one when it ends. `work`: what it does, its number in `$1`. */
function batchFile(box: Sandbox, name: string, count: number, work: string): string {
  const file = join(box.dir, `${name}.json`);
  const numbers = Array.from({ length: count }, (_, i) => `${i}`);
  const script = `echo "+ ${name} $1 $(date +%s%N)" >> '${join(box.dir, "lines")}'; ${work}; echo "- ${name} $1 $(date +%s%N)" >> '${join(box.dir, "lines")}'`;
  writeFileSync(file, JSON.stringify({ name, tasks: { [name]: { exec: ["sh", "-c", script, "sh", "{{n}}"], matrix: { n: numbers } } } }));
  return file;
}

interface Line {
  readonly sign: string;
  readonly name: string;
  readonly ms: number;
}

const lines = (box: Sandbox): Line[] => {
  const file = join(box.dir, "lines");
  if (!existsSync(file)) return [];
  const whole = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return whole.map((line) => line.split(" ")).map(([sign = "", name = "", , ns]) => ({ sign, name, ms: Number(ns) / 1e6 }));
};
const started = (box: Sandbox, name: string) => lines(box).filter((line) => line.sign === "+" && line.name === name).length;

/** The runner is killed, and the next one is there. */
async function newRunner(box: Sandbox): Promise<void> {
  const pid = runnerPid(box.state) as number;
  kill(pid);
  await waitFor(() => runnerPid(box.state) !== pid, "the runner to be dead");
  await box.copse(["wait", "--timeout", "0.2s"]);
  await waitFor(() => runnerPid(box.state), "the next runner");
}

async function stopAll(box: Sandbox): Promise<void> {
  const { tasks } = await box.json(["tasks"]);
  const open = tasks.filter(({ endedAt }: any) => endedAt === null).map(({ id }: any) => id);
  await box.copse(["stop", ...open]);
}

inBox(
  "a batch of fifty takes all slots but one: what is asked for alone starts while not one of it has ended, also with a new runner",
  async (box) => {
    settings(box, { limit: 3 });
    box.env["COPSE_IDLE_SECONDS"] = "30";
    const gate = join(box.dir, "gate");
    const file = batchFile(box, "crowd", 50, `until test -e '${gate}'; do sleep 0.05; done`);
    assert.is((await box.copse(["batch", file, "-b"])).code, 0);
    await waitFor(() => started(box, "crowd") === 2, "two of the batch to be at work");
    for (const label of ["first", "second"]) {
      const ran = await box.copse(["run", "-l", label, "--exec", "--", "true"]);
      assert.is(ran.code, 0, ran.stderr);
      assert.equal(
        lines(box).map(({ sign, name }) => sign + name),
        ["+crowd", "+crowd"],
        "none of the batch has ended, and no third one begun",
      );
      await newRunner(box);
    }
    await stopAll(box);
  },
);

inBox("with one slot only, it is next: after the one that is at work, before the other forty-nine, also with a new runner", async (box) => {
  settings(box, { limit: 1 });
  box.env["COPSE_IDLE_SECONDS"] = "30";
  const go = join(box.dir, "go");
  const file = batchFile(box, "crowd", 50, `until test -e '${go}'$1; do sleep 0.05; done`);
  assert.is((await box.copse(["batch", file, "-b"])).code, 0);
  for (const n of [0, 1]) {
    await waitFor(() => started(box, "crowd") === n + 1, `task ${n} of the batch to be at work`);
    assert.is((await submit(box, `alone-${n}`, `echo "+ alone ${n} 0" >> '${join(box.dir, "lines")}'`)).code, 0);
    if (n === 1) await newRunner(box);
    writeFileSync(`${go}${n}`, "");
    assert.is((await box.copse(["wait", `alone-${n}`, "--timeout", "30s"])).code, 0);
    const names = lines(box)
      .filter(({ sign }) => sign === "+")
      .map(({ name }) => name);
    assert.is(names.lastIndexOf("alone"), names.indexOf("crowd", 2 * n) + 1, names.join());
  }
  await submit(box, "low", "true");
  await submit(box, "high", `echo "+ high 0 0" >> '${join(box.dir, "lines")}'`, { flags: ["--priority", "9"] });
  await waitFor(() => started(box, "crowd") === 3, "the third of the batch");
  writeFileSync(`${go}2`, "");
  const code = (await box.copse(["wait", "high", "--timeout", "30s"])).code;
  assert.is(
    code,
    0,
    JSON.stringify(await box.json(["tasks", "--state", "running", "--state", "completed"])) + readFileSync(join(box.dir, "lines"), "utf8"),
  );
  assert.is((await box.task("low")).startedAt, null, "priority goes before all");
  await stopAll(box);
});

for (const killed of [false, true])
  inBox(
    `two batches, one of short and one of long tasks, get about equal time of the slots${killed ? ", with a new runner in between" : ""}`,
    async (box) => {
      settings(box, { limit: 4 });
      box.env["COPSE_IDLE_SECONDS"] = "30";
      // The one that comes first is the one of short tasks: what is known of these must not hold the others off.
      assert.is((await box.copse(["batch", batchFile(box, "short", 40, "sleep 0.2"), "-b"])).code, 0);
      assert.is((await box.copse(["batch", batchFile(box, "long", 8, "sleep 3"), "-b"])).code, 0);
      await waitFor(() => started(box, "long") > 0, "the second batch to begin");
      if (killed) {
        await waitFor(() => started(box, "long") > 1, "it to go on");
        await newRunner(box);
      }
      await waitFor(() => started(box, "short") === 40 || started(box, "long") === 8, "one of them to have nobody waiting", 120_000);
      await stopAll(box);
      const slots = slotTimes(box);
      process.stdout.write(`(short ${slots.short} ms, long ${slots.long} ms, longest ${slots.longest} ms) `);
      // Three slots are the batches'; what is at work when a turn ends may be all of the longest.
      assert.ok(Math.abs(slots.short - slots.long) <= 3 * slots.longest, "equal but for what the slots hold of the longest task");
    },
  );

/** How long tasks of either held slots while both had somebody waiting. */
function slotTimes(box: Sandbox): { short: number; long: number; longest: number } {
  const held = listTaskDirs(box.state).flatMap(({ dir }) => {
    const events = readFileSync(eventsFile(dir), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const at = (...types: string[]) =>
      events
        .filter(({ type }) => types.includes(type))
        .map((event) => Date.parse(event.at))
        .at(-1);
    const [start, end] = [at("slot-taken"), at("delivered")];
    return start === undefined ? [] : [{ name: events[0].request.batch as string, start, end: end ?? Number.POSITIVE_INFINITY }];
  });
  const of = (name: string) => held.filter((one) => one.name === name).sort((a, b) => a.start - b.start);
  const from = of("long")[0]?.start ?? 0;
  const to = Math.min(of("long").at(-1)?.start ?? 0, of("short").at(-1)?.start ?? 0);
  const time = (name: string) => of(name).reduce((sum, { start, end }) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
  const whole = of("long")
    .filter(({ end }) => end <= to)
    .map(({ start, end }) => end - start);
  return { short: time("short"), long: time("long"), longest: Math.max(0, ...whole) };
}

test.run();
