/**
 * Every event of an interactive session that a person and a scripted model can make fire, with the hooks installed and a hook of the person's on each: both fields are on all of them. (Tool calls,
 * subagents and background work: hooks.test.ts; teams, tasks and compactions: teams.test.ts.) Not made to fire: PermissionDenied, which is auto mode's, and Elicitation, which is an MCP server's.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { error, message, text, turn, userTexts } from "../support/messages-api.ts";
import { type Tmux, tmux } from "../support/tmux.ts";
import { keepsIn, linesOf } from "./told.ts";
import { type Json, settle, waitFor, world } from "./world.ts";

test("permissions, notifications, slash commands, models, folders, files, settings, failures", async () => {
  let made = 0;
  const bash = (command: string) =>
    message([{ type: "tool_use", id: `toolu_${made++}`, name: "Bash", input: { command, description: "Try" } }]);
  const box = await world(
    (body) => {
      const said = userTexts(body).at(-1) ?? "";
      if (said.includes("FAIL NOW")) return error(400, { message: "no such thing" });
      if (said.includes("ASK ME")) return bash("touch x && rm x");
      if (said.includes("GO AWAY") && turn(body) === 2) return bash("cd sub && pwd");
      return text("very well");
    },
    { files: { "a.txt": "a\n", "CLAUDE.md": "Be nice.\n", ".claude/commands/greet.md": "Say hello\n", "sub/b.txt": "b\n" } },
  );
  const told = join(box.dir, "told");
  const events = () => linesOf(told);
  const hears = (name: string, fits: (one: Json) => boolean = () => true) =>
    waitFor(() => events().find((one) => one.hook_event_name === name && fits(one)), name);
  const stops = () => events().filter((one) => one.hook_event_name === "Stop").length;
  let screen: Tmux | undefined;
  try {
    settle(box, [box.repo]);
    const home = box.env["HOME"] ?? "";
    const elsewhere = join(box.dir, "elsewhere");
    mkdirSync(elsewhere);
    mkdirSync(join(home, ".config", "copse"), { recursive: true });
    const names = Object.keys(JSON.parse((await box.copse(["hooks", "install", "--print"])).stdout).hooks);
    const keeps = { hooks: [{ type: "command", command: keepsIn(told) }] };
    const watches = JSON.stringify({ hookSpecificOutput: { hookEventName: "SessionStart", watchPaths: [join(box.repo, "watched.txt")] } });
    const start = { hooks: [{ type: "command", command: `cat > /dev/null; echo '${watches}'` }] };
    const hooks = Object.fromEntries(names.map((name) => [name, name === "SessionStart" ? [keeps, start] : [keeps]]));
    writeFileSync(join(home, ".config", "copse", "config.json"), JSON.stringify({ hooks }));
    assert.is((await box.copse(["hooks", "install"])).code, 0);
    screen = tmux(box, "claude --permission-mode default '--allowedTools=Bash(cd sub && pwd)'");
    /** Claude Code takes no key in a dialog's first moment, so that a hasty one approves nothing. */
    const asked = async (words: string, key: string) => {
      await screen?.shows(words);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      screen?.press(key);
    };
    await screen.shows("for agents");
    await hears("SessionStart");
    let writes = 0;
    // It is watched some time after the session has begun.
    await waitFor(() => {
      if (writes++ % 20 === 0) writeFileSync(join(box.repo, "watched.txt"), `${writes}\n`);
      return events().some((one) => one.hook_event_name === "FileChanged");
    }, "FileChanged");
    await screen.say("hello");
    await waitFor(() => stops() === 1, "its end");
    await hears("InstructionsLoaded");
    await screen.say("/greet");
    await hears("UserPromptExpansion", (one) => one.command_name === "greet");
    await waitFor(() => stops() === 2, "its end");
    await screen.say("GO AWAY");
    await hears("CwdChanged");
    await waitFor(() => stops() === 3, "its end");
    await screen.say("ASK ME");
    await hears("PermissionRequest");
    const notified = (await hears("Notification", (one) => one.notification_type === "permission_prompt")) as Json;
    assert.equal(notified.tools_called_this_turn, [{ tool_name: "Bash", count: 1 }], "the call that waits is told");
    screen.press("Escape");
    await screen.say(`/add-dir ${elsewhere}`);
    await asked("No, leave it out", "Down");
    await asked("❯ Yes, add it", "Enter");
    await asked("❯ 1. Yes, for this session", "Enter");
    await hears("DirectoryAdded");
    await screen.say("/model haiku");
    await hears("PreModelSwitch");
    await asked("❯ 1. Yes, switch to", "Enter");
    await hears("PostModelSwitch");
    writeFileSync(join(box.repo, ".claude", "settings.json"), '{"cleanupPeriodDays": 50}\n');
    await hears("ConfigChange");
    await screen.say("FAIL NOW");
    await hears("StopFailure");
    screen.close();
    await hears("SessionEnd");
    assert.is((await box.claude(["-p", "set it up", "--init"])).code, 0);
    await hears("Setup");
    for (const one of events())
      assert.ok(Array.isArray(one.background_tasks) && Array.isArray(one.tools_called_this_turn), one.hook_event_name);
  } finally {
    screen?.close();
    await box.close();
  }
});

test.run();
