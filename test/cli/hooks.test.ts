/** `copse hooks` as a hook, and as a kit for those who write hooks. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root, type Sandbox } from "../support/sandbox.ts";
import { inBox, refused, sleeps } from "./support.ts";

const recording = join(root, "test", "recordings", "claude-hooks.ndjson");
const event = (name: string, fields: object = {}) => JSON.stringify({ hook_event_name: name, session_id: "s1", ...fields });
const call = (id: string, tool_name: string) => ({ prompt_id: "p", tool_use_id: id, tool_name, tool_input: {} });

const heard = (box: Sandbox, input: string, ...command: string[]) =>
  box.copse(["hooks", "run", ...(command.length === 0 ? [] : ["--", ...command])], { input });

inBox("hooks run gives the event on with what is known; exit code and words are the command's", async (box) => {
  assert.equal(await heard(box, event("UserPromptSubmit", { prompt_id: "p", cwd: box.repo })), { code: 0, stdout: "", stderr: "" });
  await box.copse(["run", "-b", "-q", "-l", "docs", ...sleeps]);
  await Promise.all(Array.from({ length: 12 }, (_, i) => heard(box, event("PreToolUse", call(`t${i}`, i % 2 === 0 ? "Read" : "Edit")))));
  const told = JSON.parse((await heard(box, event("Stop", { prompt_id: "p", cwd: box.repo, mine: 1 }), "cat")).stdout);
  assert.equal([told.hook_event_name, told.session_id, told.mine, told.background_tasks], ["Stop", "s1", 1, []]);
  assert.equal(
    [...told.tools_called_this_turn].sort((a, b) => (a.tool_name < b.tool_name ? -1 : 1)),
    [
      { tool_name: "Edit", count: 6 },
      { tool_name: "Read", count: 6 },
    ],
  );
  assert.equal(
    told.copse_tasks.map((task: { label: string }) => task.label),
    ["docs"],
  );
  const blocked = await heard(box, event("Stop", { prompt_id: "p" }), "sh", "-c", "cat > /dev/null; echo said; echo not yet >&2; exit 2");
  assert.equal(blocked, { code: 2, stdout: "said\n", stderr: "not yet\n" });
  assert.match((await box.copse(["hooks", "show"])).stdout, /^s1 +\S+\n {2}this turn: (Read 6, Edit 6|Edit 6, Read 6)\n$/);
  assert.is((await box.json(["hooks", "show", "--session", "s"])).sessions.length, 1);
  await heard(box, event("SessionEnd", { reason: "other" }));
  assert.equal((await box.json(["hooks", "show"])).sessions, [], "an ended session is forgotten");
  await box.copse(["stop", "docs"]);
});

inBox("whatever goes wrong with Copse, the command gets the event as it came", async (box) => {
  writeFileSync(join(box.dir, "no-folder"), "");
  const env = { COPSE_STATE_DIR: join(box.dir, "no-folder") };
  const input = event("Stop", { odd: "\u2603" });
  assert.equal(await box.copse(["hooks", "run", "--", "cat"], { input, env }), { code: 0, stdout: input, stderr: "" });
  assert.equal(await heard(box, "no JSON at all\n", "cat"), { code: 0, stdout: "no JSON at all\n", stderr: "" });
  assert.is((await heard(box, event("Stop"), "no-such-program")).code, 127);
});

inBox("a recording is kept line by line, and played to a hook with what was known at each event", async (box) => {
  const file = join(box.dir, "events.ndjson");
  await Promise.all(
    Array.from({ length: 8 }, (_, i) => box.copse(["hooks", "record", file], { input: event("PreToolUse", call(`t${i}`, "Read")) })),
  );
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  assert.is(lines.length, 8);
  for (const line of lines) assert.is(JSON.parse(line).event.tool_name, "Read");
  const last = (await box.copse(["hooks", "replay", file])).stdout.trimEnd().split("\n").at(-1) ?? "";
  assert.equal(JSON.parse(last).tools_called_this_turn, [{ tool_name: "Read", count: 8 }]);

  const told = join(box.dir, "told");
  const played = await box.copse([
    "hooks",
    "replay",
    recording,
    "--event",
    "Stop",
    "--event",
    "SubagentStop",
    "--",
    "sh",
    "-c",
    `cat >> ${told}; echo >> ${told}; echo no >&2; exit 2`,
  ]);
  assert.is(played.code, 0, played.stderr);
  assert.is(played.stdout.match(/^ +\d+ {2}(Stop|SubagentStop): exit code 2\n {8}no$/gm)?.length, 6, played.stdout);
  const stop = JSON.parse(readFileSync(told, "utf8").split("\n")[0] ?? "");
  assert.equal(stop.tools_called_this_turn[0], { tool_name: "Read", count: 2, failed: 1 });
  const rows = (await box.copse(["hooks", "replay", recording, "--event", "Stop", "--json", "--", "true"])).stdout.trimEnd().split("\n");
  assert.equal(JSON.parse(rows[0] ?? ""), { line: 25, event: "Stop", exitCode: 0, stdout: "", stderr: "" });
});

inBox("bad input is refused with the reason", async (box) => {
  const file = join(box.dir, "events.ndjson");
  writeFileSync(file, `${event("Stop")}\n\n{"half":\n`);
  refused(await box.copse(["hooks", "replay", file]), 2, /line 2 of .*events\.ndjson is no hook event/, /hooks record/);
  refused(await box.copse(["hooks", "replay", join(box.dir, "none")]), 3, /the recording cannot be read/);
  refused(await box.copse(["hooks", "record", file], { input: "what" }), 2, /no hook event on standard input/);
  assert.is((await box.copse(["hooks", "replay", recording, "--", join(box.dir, "none")])).code, 1);
  assert.is((await box.copse(["hooks"])).code, 2);
  assert.not.ok(existsSync(join(box.state, "hooks")));
});

test.run();
