/** The real Claude Code with settings that Copse's hooks were put into: their events arrive, the person's own hooks go on, and what comes out again is what was there. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { message, text, turn } from "../support/messages-api.ts";
import { settle, world } from "./world.ts";

const toolHooks = ["UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolBatch", "Stop", "SessionEnd"];

test("hooks put into the person's settings are called beside their own, in worktrees and for a project too, and go to the byte", async () => {
  const api = (body: Parameters<typeof turn>[0]) =>
    turn(body) === 0
      ? message([{ type: "tool_use", id: "toolu_1", name: "Read", input: { file_path: join(box.repo, "a.txt") } }])
      : text("read");
  const box = await world(api);
  try {
    const tree = join(box.dir, "tree");
    box.git(["worktree", "add", "-q", tree, "-b", "t"]);
    settle(box, [box.repo, tree]);
    const dir = join(box.env["HOME"] ?? "", ".claude");
    const file = join(dir, "settings.json");
    const mark = join(box.dir, "mine-fired");
    const own = `{\r\n\t"hooks": {\r\n\t\t"Stop": [{"hooks": [{"type": "command", "command": "touch ${mark}"}]}],\r\n\t\t"PreToolUse": []\r\n\t},\r\n\t"cleanupPeriodDays": 90\r\n}`;
    const copse = async (...words: string[]) => {
      const ran = await box.copse(["hooks", ...words]);
      assert.is(ran.code, 0, ran.stderr);
    };
    /** A whole session; @returns what the runner heard of it. */
    const session = async (cwd = box.repo, ...flags: string[]): Promise<string[]> => {
      const id = crypto.randomUUID();
      rmSync(mark, { force: true });
      const ran = await box.claude(["-p", "read a.txt", "--session-id", id, ...flags], cwd);
      assert.equal([ran.code, ran.stdout.trim()], [0, "read"], ran.stderr);
      assert.not.match(ran.stderr, /settings (files|entries)/, "Claude Code takes all of the settings");
      const log = (await box.copse(["hooks", "log", "--json", "--session", id])).stdout.split("\n").filter((line) => line !== "");
      return log.map((line) => JSON.parse(line).event.hook_event_name);
    };
    mkdirSync(dir, { recursive: true });
    writeFileSync(file, own);

    await copse("install", "--user");
    const events = await session();
    for (const name of toolHooks) assert.ok(events.includes(name), `${name} arrives: ${events.join(", ")}`);
    assert.is(events.filter((name) => name === "SessionStart").length, 1, "by its command, which starts the runner");
    assert.ok(existsSync(mark), "the person's own hook fires");
    assert.equal((await box.json(["hooks", "show"])).sessions, [], "it has ended");
    assert.ok((await session(box.repo, "-w", "mine")).includes("Stop"), "Claude Code still makes its own worktrees");

    await copse("install", "--project");
    const stops = (await session()).filter((name) => name === "Stop");
    assert.is(stops.length, 1, "in both files, an event still arrives once");
    await copse("uninstall", "--user");
    assert.is(readFileSync(file, "utf8"), own);
    assert.ok((await session(tree)).includes("Stop"), "a project's are those of its worktrees");
    assert.ok(existsSync(mark));
    await copse("uninstall", "--project");
    assert.not.ok(existsSync(join(box.repo, ".claude", "settings.local.json")));
    assert.equal(await session(), []);
    assert.ok(existsSync(mark), "the person's own hook has stayed");
  } finally {
    await box.close();
  }
});

test.run();
