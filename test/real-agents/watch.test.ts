/** `copse watch` over the real Claude Code: a permission shown with its exact command and approved, another refused with the reason, and a visit to the session from the view and back. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Reply, text, toolResults, toolUse, userTexts } from "../support/messages-api.ts";
import { watched } from "../support/watched.ts";
import { settle, waitFor, world } from "./world.ts";

/** Asks for two commands, then says what it was told. */
function script(body: Parameters<typeof toolResults>[0]): Reply {
  const results = toolResults(body).map((result) => result.text);
  if (userTexts(body).some((words) => words.includes("from the visit"))) return text("Heard it from the visit.");
  if (results.some((result) => result.includes("frozen"))) return text("Heard: frozen.");
  if (results.length > 0) return toolUse("Bash", { command: "node second.cjs --force", description: "Second" });
  return toolUse("Bash", { command: "node first.cjs && echo 'it is'", description: "First" });
}

test("permissions are approved and refused from the view, by the command that is shown", async () => {
  const files = { "first.cjs": 'require("fs").writeFileSync("first.txt", "1"); console.log("ran")', "second.cjs": 'console.log("no")' };
  const box = await world(script, { files });
  const screen = await watched(box);
  try {
    await box.copse(["run", "-b", "-l", "asks", "Run both"]);
    await screen.watch("> ✗ asks");
    screen.press("a");
    await screen.shows("asks asks for permission");
    await screen.shows("node first.cjs && echo 'it is'");
    screen.press("y");
    await screen.shows("copse approve asks: asks is approved and goes on");
    await waitFor(() => existsSync(join(box.tree("asks"), "first.txt")), "the first command to run");
    await screen.shows("Needs you (1)");
    screen.press("a");
    await screen.shows("node second.cjs --force");
    screen.press("n");
    await screen.shows("is told no, and reads why");
    screen.type("main is frozen");
    await screen.shows("copse deny asks 'main is frozen'");
    screen.press("Enter");
    await screen.shows("asks is told no and goes on");
    const done = await box.until("asks", "completed");
    assert.is(done.result.summary, "Heard: frozen.");
    await screen.shows("✓ asks");
    screen.press("q");
    await screen.atPrompt();
  } finally {
    screen.close();
    await box.close();
  }
});

test("a visit to the session takes the terminal and gives it back to the view", async () => {
  const box = await world(script, { files: { "first.cjs": "" } });
  const screen = await watched(box);
  try {
    settle(box, [box.repo, box.tree("asks")]);
    await box.copse(["run", "-b", "-l", "asks", "Run both"]);
    await box.until("asks", "blocked");
    const before = await screen.state();
    await screen.watch("> ✗ asks");
    screen.press("o");
    await screen.shows("Leave the agent as usual");
    screen.press("y");
    await screen.shows("Attaching to asks");
    await screen.shows("for agents");
    await screen.say("this is from the visit");
    await screen.shows("Heard it from the visit.");
    await screen.say("/exit");
    await screen.shows("copse attach asks: you are back");
    await screen.shows("asks");
    screen.press("?");
    await screen.shows("suspend the view");
    screen.press("?");
    screen.press("q");
    await screen.atPrompt();
    await screen.shows("asks is handed back");
    await screen.line("true");
    assert.is(await screen.state(), before);
  } finally {
    screen.close();
    await box.close();
  }
});

test.run();
