/** The runner killed in the middle of a turn of the real Claude Code: the agent's work goes on, the runner comes back by itself, and the person's hook is told what the transcript says. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { message, text, turn } from "../support/messages-api.ts";
import { kill, runnerPid } from "../support/sandbox.ts";
import { callsIn, counted, keepsIn, linesOf } from "./told.ts";
import { type Json, settle, type World, waitFor, world } from "./world.ts";

/** By the session's transcript. */
function transcriptOf(box: World, session: string): Record<string, number> {
  const projects = join(box.env["HOME"] ?? "", ".claude", "projects");
  const file = readdirSync(projects, { recursive: true }).find((name) => String(name).endsWith(`${session}.jsonl`));
  return callsIn(join(projects, String(file)));
}

/** `folder`: where the agent works. `begin` brings a session to its end. @returns what a hook of the person's at Stop was told */
async function killedInTheMiddle(
  folder: (box: World) => string,
  begin: (box: World) => Promise<void>,
): Promise<{ stops: Json[]; transcript: Record<string, number> }> {
  let killed = 0;
  let made = 0;
  const box = await world(async (body) => {
    const read = (name: string) => ({
      type: "tool_use",
      id: `toolu_${String(made++).padStart(4, "0")}`,
      name: "Read",
      input: { file_path: join(folder(box), name) },
    });
    const step = turn(body);
    if (step === 1 && killed === 0) {
      killed = runnerPid(box.state) ?? -1;
      kill(killed);
      await waitFor(() => runnerPid(box.state) === undefined, "the runner to be gone");
    }
    // Nothing but the session's own hooks can have started it.
    if (step === 2) await waitFor(() => runnerPid(box.state), "the runner to come back by itself");
    const steps = [
      [read("a.txt"), read("none.txt")],
      [read("a.txt"), read("a.txt"), { type: "tool_use", id: `toolu_${made++}_bash`, name: "Glob", input: { pattern: "*.txt" } }],
      [read("a.txt")],
    ];
    const blocks = steps[step];
    return blocks === undefined ? text("all done") : message(blocks);
  });
  try {
    settle(box, [box.repo]);
    const told = join(box.dir, "told");
    const file = join(box.env["HOME"] ?? "", ".config", "copse", "config.json");
    mkdirSync(join(file, ".."), { recursive: true });
    const hooks = [{ hooks: [{ type: "command", command: keepsIn(told) }] }];
    writeFileSync(file, JSON.stringify({ hooks: { Stop: hooks } }));
    writeFileSync(told, "");
    await begin(box);
    assert.ok(killed > 0, "a runner was killed");
    const stops = linesOf(told);
    assert.ok(stops.length > 0, "the person's hook was called after it");
    return { stops, transcript: transcriptOf(box, stops[0].session_id) };
  } finally {
    await box.close();
  }
}

test("claude -p with Copse's hooks installed", async () => {
  const { stops, transcript } = await killedInTheMiddle(
    ({ repo }) => repo,
    async (box) => {
      assert.is((await box.copse(["hooks", "install"])).code, 0);
      const ran = await box.claude(["-p", "go on with it"]);
      assert.equal([ran.code, ran.stdout.trim()], [0, "all done"], ran.stderr);
    },
  );
  assert.is(stops.length, 1);
  assert.equal(counted(stops[0]), transcript);
  assert.equal(transcript["Read"], 5);
});

test("a task in the background", async () => {
  const { stops, transcript } = await killedInTheMiddle(
    ({ tree }) => tree("docs"),
    async (box) => {
      assert.is((await box.copse(["run", "-b", "-l", "docs", "go on with it"])).code, 0);
      const done = await box.until("docs", "completed");
      assert.is(done.attempt, 1, "the same run went on");
    },
  );
  assert.is(stops.length, 1);
  assert.equal(counted(stops[0]), transcript);
  assert.equal(transcript["Read"], 5);
});

test.run();
