/** The real Claude Code with settings that Copse's hooks were put into: their events arrive, the person's own hooks go on, and what comes out again is what was there. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { message, text, turn } from "../support/messages-api.ts";
import { settle, world } from "./world.ts";

interface Heard {
  readonly event: string;
  readonly path: string | undefined;
  readonly login: string | undefined;
}

/** Stands for the runner's receiving side. */
async function receiver(): Promise<{ port: number; heard: Heard[]; close(): Promise<void> }> {
  const heard: Heard[] = [];
  const server = createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    heard.push({ event: JSON.parse(body).hook_event_name, path: req.url, login: req.headers.authorization });
    res.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, heard, close };
}

const toolHooks = ["UserPromptSubmit", "PreToolUse", "PostToolUse", "PostToolBatch", "Stop", "SessionEnd"];

test("hooks put into the person's settings are called beside their own, in worktrees and for a project too, and go to the byte", async () => {
  const api = (body: Parameters<typeof turn>[0]) =>
    turn(body) === 0
      ? message([{ type: "tool_use", id: "toolu_1", name: "Read", input: { file_path: join(box.repo, "a.txt") } }])
      : text("read");
  const box = await world(api);
  const runner = await receiver();
  try {
    const tree = join(box.dir, "tree");
    box.git(["worktree", "add", "-q", tree, "-b", "t"]);
    settle(box, [box.repo, tree]);
    const dir = join(box.env["HOME"] ?? "", ".claude");
    const file = join(dir, "settings.json");
    const mark = join(box.dir, "mine-fired");
    const own = `{\r\n\t"hooks": {\r\n\t\t"Stop": [{"hooks": [{"type": "command", "command": "touch ${mark}"}]}],\r\n\t\t"PreToolUse": []\r\n\t},\r\n\t"cleanupPeriodDays": 90\r\n}`;
    const env = { COPSE_HOOKS_PORT: String(runner.port), COPSE_HOOKS_TOKEN: "of-a-test" };
    const copse = async (...words: string[]) => {
      const ran = await box.copse(["hooks", ...words], { env });
      assert.is(ran.code, 0, ran.stderr);
    };
    /** A whole session; @returns what the receiver heard of it. */
    const session = async (cwd = box.repo, ...flags: string[]) => {
      runner.heard.length = 0;
      rmSync(mark, { force: true });
      const ran = await box.claude(["-p", "read a.txt", ...flags], cwd);
      assert.equal([ran.code, ran.stdout.trim()], [0, "read"], ran.stderr);
      assert.not.match(ran.stderr, /settings (files|entries)/, "Claude Code takes all of the settings");
      return runner.heard.map(({ event }) => event);
    };
    mkdirSync(dir, { recursive: true });
    writeFileSync(file, own);

    await copse("install", "--user");
    const events = await session();
    for (const name of toolHooks) assert.ok(events.includes(name), `${name} arrives: ${events.join(", ")}`);
    assert.not.ok(events.includes("SessionStart"), "sent to commands only");
    assert.ok(runner.heard.every(({ path, login }) => path === "/copse/hooks" && login === "Bearer of-a-test"));
    assert.ok(existsSync(mark), "the person's own hook fires");
    assert.is((await box.json(["hooks", "show"])).sessions.length, 1, "its command was called by it, with its comment behind");
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
    await runner.close();
  }
});

test.run();
