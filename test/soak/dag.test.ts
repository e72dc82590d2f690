/** Random graphs of tasks that wait for one another, on a real runner that is killed meanwhile: order held, limit held, each run once, all end. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { settings } from "../support/run-script.ts";
import { kill, runnerPid, type Sandbox, sandbox } from "../support/sandbox.ts";

/** The same numbers for the same seed. */
function dice(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

interface Node {
  readonly label: string;
  readonly after: readonly string[];
  readonly fails: boolean;
}

const count = 24;
const limit = 3;

function graph(seed: number): Node[] {
  const roll = dice(seed);
  return Array.from({ length: count }, (_, i) => {
    const after = i === 0 ? [] : [...new Set(Array.from({ length: roll(4) }, () => `n${roll(i)}`))];
    return { label: `n${i}`, after, fails: i > 3 && roll(8) === 0 };
  });
}

/** Those that fail, and all that come after them. */
function lost(nodes: readonly Node[]): Set<string> {
  const names = new Set<string>();
  for (const { label, after, fails } of nodes) if (fails || after.some((one) => names.has(one))) names.add(label);
  return names;
}

/** The first ones wait for the gate, so that none has ended before all are there. */
async function submitAll(box: Sandbox, nodes: readonly Node[], file: string, gate: string): Promise<void> {
  for (const { label, after, fails } of nodes) {
    const first = after.length === 0 ? `until test -e '${gate}'; do sleep 0.05; done;` : "";
    const script = `echo "+${label}" >> '${file}'; ${first} sleep 0.3; echo "-${label}" >> '${file}'; exit ${fails ? 1 : 0}`;
    const flags = after.length === 0 ? [] : ["--after", after.join(",")];
    const ran = await box.copse(["run", "-b", "-q", "-l", label, ...flags, "--exec", "--", "sh", "-c", script]);
    assert.is(ran.code, 0, ran.stderr);
  }
}

for (const seed of [1, 2, 3])
  test(`graph ${seed}: ${count} tasks, at most ${limit} at once, the runner killed meanwhile`, async () => {
    const box = await sandbox();
    try {
      settings(box, { limit });
      box.env["COPSE_IDLE_SECONDS"] = "30";
      const file = join(box.dir, "lines");
      const gate = join(box.dir, "gate");
      const nodes = graph(seed);
      await submitAll(box, nodes, file, gate);
      writeFileSync(gate, "");
      let kills = 0;
      for (let code = 124; code === 124; ) {
        ({ code } = await box.copse(["wait", ...nodes.map(({ label }) => label), "--timeout", "0.7s"]));
        const pid = runnerPid(box.state);
        if (code === 124 && pid !== undefined && ++kills <= 10) kill(pid);
      }
      const lines = readFileSync(file, "utf8").trimEnd().split("\n");
      const bad = lost(nodes);
      const { tasks } = await box.json(["tasks", "--state", "completed", "--state", "failed", "--state", "stopped"]);
      const states = new Map<string, any>(tasks.map((task: any) => [task.label, task]));
      for (const { label, after, fails } of nodes) {
        const task = states.get(label);
        assert.is(task?.state, fails && !after.some((one) => bad.has(one)) ? "failed" : bad.has(label) ? "stopped" : "completed", label);
        if (task.state === "stopped") {
          assert.is(task.failure.code, "PREREQUISITE_FAILED", label);
          assert.not(lines.includes(`+${label}`), `${label} was skipped and has not run`);
          continue;
        }
        assert.is(lines.filter((line) => line === `+${label}`).length, 1, `${label} ran once`);
        for (const before of after) assert.ok(lines.indexOf(`-${before}`) < lines.indexOf(`+${label}`), `${before} before ${label}`);
      }
      let inside = 0;
      for (const line of lines) {
        inside += line.startsWith("+") ? 1 : -1;
        assert.ok(inside <= limit, `${inside} at once`);
      }
      assert.ok(kills >= 2, `${kills} kills`);
      process.stdout.write(`(${bad.size} of ${count} lost, ${kills} kills) `);
    } finally {
      await box.close();
    }
  });

test.run();
