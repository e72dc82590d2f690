/**
 * A batch file of a hundred tasks that wait for one another, with others asked for alone beside it, on the built command and a real runner: by the tasks' own
 * stamps, and by when the logs say that slots were taken and given back, no limit is exceeded, every dependency holds, each runs once, all end.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { eventsFile } from "../../src/store/paths.ts";
import { listTaskDirs } from "../../src/store/tasks.ts";
import { settings, submit } from "../support/run-script.ts";
import { kill, runnerPid, sandbox, waitFor } from "../support/sandbox.ts";
import { bestList, dice, graph, type Node, shapeOf, yamlOf } from "../support/schedule.ts";

const count = 100;
const machine = 6;
const limit = 4;

interface Stamp {
  readonly key: string;
  readonly sign: string;
  readonly atMs: number;
}

/** Each line is one write at the end of the file, so their order is that in which they happened. */
const stampsOf = (file: string): Stamp[] =>
  readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [sign = "", key = "", ns = ""] = line.split(" ");
      return { sign, key, atMs: Number(ns) / 1e6 };
    });

/** Holds the record against the rules, moment by moment. @returns most at once */
function check(stamps: readonly Stamp[], nodes: readonly Node[]): number {
  const needs = new Map(nodes.map((node) => [node.key, node.needs]));
  const busy = new Set<string>();
  const done = new Set<string>();
  let most = 0;
  for (const { sign, key } of stamps) {
    if (sign === "-") {
      assert.ok(busy.delete(key), `${key} was at work`);
      done.add(key);
      continue;
    }
    assert.not(busy.has(key) || done.has(key), `${key} runs once`);
    for (const need of needs.get(key) ?? []) assert.ok(done.has(need), `${need} before ${key}`);
    busy.add(key);
    const alone = [...busy].filter((one) => !needs.has(one)).length;
    assert.ok(busy.size - alone <= limit, `${busy.size - alone} of the batch at once`);
    assert.ok(busy.size <= machine, `${busy.size} at once`);
    most = Math.max(most, busy.size);
  }
  assert.equal([busy.size, nodes.filter(({ key }) => !done.has(key))], [0, []], "all end");
  return most;
}

/** A slot that is given back in the same millisecond as another is taken was given back before. */
function mostAtOnce(changes: readonly { readonly atMs: number; readonly by: number }[]): number {
  let [now, most] = [0, 0];
  for (const { by } of [...changes].sort((a, b) => a.atMs - b.atMs || a.by - b.by)) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

const seeds = Number(process.env["COPSE_SEEDS"] ?? 2);
for (let seed = 1; seed <= seeds; seed++)
  test(`graph ${seed} (${shapeOf(seed)}): a hundred tasks, at most ${limit} at once${seed % 2 === 0 ? ", the runner killed meanwhile" : ""}`, async () => {
    const box = await sandbox();
    try {
      settings(box, { limit: machine });
      box.env["COPSE_IDLE_SECONDS"] = "30";
      const roll = dice(seed);
      const nodes = graph(count, shapeOf(seed), roll, () => 20 + roll(300));
      const file = join(box.dir, "stamps");
      const script = `echo "+ $1 $(date +%s%N)" >> '${file}'; sleep "$2"; echo "- $1 $(date +%s%N)" >> '${file}'`;
      const exec = ({ key, ms }: Node) => ["sh", "-c", script, "sh", key, String(ms / 1000)];
      writeFileSync(join(box.dir, "b.yaml"), yamlOf(nodes, { name: "nightly", limit }, exec));
      const begun = Date.now();
      const ran = await box.copse(["batch", join(box.dir, "b.yaml"), "-b"]);
      assert.is(ran.code, 0, ran.stderr);
      const alone = ["x", "y", "z", "w"];
      for (const key of alone) {
        const made = await submit(
          box,
          key,
          `echo "+ ${key} $(date +%s%N)" >> '${file}'; sleep 6; echo "- ${key} $(date +%s%N)" >> '${file}'`,
        );
        assert.is(made.code, 0, made.stderr);
      }
      let kills = 0;
      for (let code = 124; code === 124; ) {
        ({ code } = await box.copse(["wait", "--timeout", "4s"]));
        assert.ok(Date.now() - begun < 400_000, "all end in time");
        const pid = runnerPid(box.state);
        if (code === 124 && seed % 2 === 0 && pid !== undefined && kills < 3) {
          kills++;
          kill(pid);
          await waitFor(() => runnerPid(box.state) !== pid, "the runner to be dead");
        } else if (code !== 124) assert.is(code, 0);
      }
      if (seed % 2 === 0) assert.ok(kills >= 2, `${kills} kills`);
      const stamps = stampsOf(file);
      const most = check(stamps, nodes);
      const { tasks } = await box.json(["tasks", "--batch", "nightly", "--state", "completed"]);
      assert.equal([tasks.length, tasks.every(({ state, attempt }: any) => state === "completed" && attempt === 1)], [count, true]);
      // How long each held its slot: from being let in to its end; the best list is reckoned with that.
      const held = new Map<string, number>();
      const [first, last] = [[] as number[], [] as number[]];
      const changes: { atMs: number; by: number; batch: boolean }[] = [];
      for (const { dir } of listTaskDirs(box.state)) {
        const events = readFileSync(eventsFile(dir), "utf8")
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line));
        const at = (type: string) => Date.parse(events.find((event) => event.type === type).at);
        const { batchKey } = events[0].request;
        const batch = batchKey !== undefined;
        // Until its run has ended it must have a slot; what is left then (commit, report) is done without one where a runner was killed.
        changes.push({ atMs: at("slot-taken"), by: 1, batch }, { atMs: at("run-ended"), by: -1, batch });
        if (batchKey === undefined) continue;
        assert.is(events.filter(({ type }) => type === "slot-taken").length, 1, `${batchKey} took a slot once`);
        first.push(at("slot-taken"));
        last.push(at("delivered"));
        held.set(batchKey, at("delivered") - at("slot-taken"));
      }
      const [mine, all] = [mostAtOnce(changes.filter(({ batch }) => batch)), mostAtOnce(changes)];
      assert.is(mine, limit, "as many slots of the batch at once as it may have, and never more");
      assert.ok(all <= machine, `${all} slots at once`);
      const took = (key: string) => {
        const [from, to] = stamps.filter((stamp) => stamp.key === key);
        return (to?.atMs ?? 0) - (from?.atMs ?? 0);
      };
      const overheads = nodes.map(({ key }) => (held.get(key) as number) - took(key)).sort((a, b) => a - b);
      const real = nodes.map((node) => ({ ...node, ms: held.get(node.key) as number }));
      const best = bestList(real, (_, busy) => busy.length < limit, 25, roll);
      const makespan = Math.max(...last) - Math.min(...first);
      process.stdout.write(
        `(slots at once ${mine} of the batch, ${all} in all; ${most} at work at once; ${kills} kills; ${makespan} ms, ${(makespan / best).toFixed(2)} of the best list for the measured times; beside its work a task holds its slot ${Math.round(overheads[50] as number)} ms) `,
      );
    } finally {
      await box.close();
    }
  });

test.run();
