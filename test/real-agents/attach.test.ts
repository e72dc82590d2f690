import { readFileSync, readlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { text, toolUse, turn, userTexts } from "../support/messages-api.ts";
import { terminal } from "../support/terminal.ts";
import { argvOf, gate, type Json, processesOfTask, settle, waitFor, world } from "./world.ts";

/** The interactive agent of a task. */
const visitor = (id: string): number | undefined =>
  processesOfTask(id).find((pid) => argvOf(pid)[0]?.endsWith("claude") && argvOf(pid)[1] === "--resume");

test("attach parks a blocked task, resumes its session in its worktree, and hands it back", async () => {
  const box = await world((body) => {
    const last = userTexts(body).at(-1) ?? "";
    if (last.includes("use the other one")) return text("I will use the other one.");
    if (last.includes("interrupted")) return text("Finished after the visit.");
    return toolUse("Bash", { command: "npm test", description: "Test" });
  });
  try {
    settle(box, [box.repo, box.tree("asks")]);
    await box.copse(["run", "-b", "-l", "asks", "Choose a database and test it"]);
    const before = await box.until("asks", "blocked");
    const screen = terminal(box, "copse attach asks");
    await screen.shows("Attaching to asks");
    await screen.shows("Choose a database and test it");
    await screen.shows("for agents");

    const pid = (await waitFor(() => visitor(before.id), "the interactive agent")) as number;
    assert.is(readlinkSync(`/proc/${pid}/cwd`), box.tree("asks"));
    assert.equal(argvOf(pid).slice(1, 4), ["--resume", before.sessionId, "--settings"], "with its hooks");
    const attached = await box.task("asks");
    assert.equal([attached.state, attached.pid], ["blocked", null], "its run is parked");
    assert.match((await box.copse(["tasks"])).stdout, /✗ asks +blocked +\(\d+ s\) +a person is attached\n/);

    screen.type("use the other one");
    await screen.shows("use the other one");
    screen.type("\r");
    await screen.shows("I will use the other one.");
    screen.type("/exit");
    await screen.shows("Exit the CLI");
    screen.type("\r");
    await screen.shows("asks is handed back: its session goes on in the background.");
    assert.is(await screen.ended, 0);

    const done = await box.until("asks", "completed");
    assert.equal([done.attempt, done.sessionId, done.result.summary], [2, before.sessionId, "Finished after the visit."]);
    const said = userTexts(box.api.main().at(-1)?.body as never);
    assert.ok(
      said.some((words) => words.includes("use the other one")),
      "the run goes on from what the person said",
    );
    assert.is(done.cost.inputTokens, 3000, "what the visit cost is counted too");

    // An ended one is only visited: here by Claude Code's own words.
    const { events } = await box.json(["show", "asks"]);
    const visit = terminal(
      box,
      `bash -c "shopt -s expand_aliases
      alias claude='copse claude'
      eval 'claude --resume ${done.sessionId}'"`,
    );
    await visit.shows("Attaching to asks, which has ended");
    await visit.shows("Finished after the visit.");
    await visit.shows("for agents");
    const second = (await waitFor(() => visitor(done.id), "the interactive agent")) as number;
    assert.is(readlinkSync(`/proc/${second}/cwd`), box.tree("asks"));
    visit.type("/exit");
    await visit.shows("Exit the CLI");
    visit.type("\r");
    assert.is(await visit.ended, 0);
    const after = (await box.json(["show", "asks"])) as Json;
    assert.is(after.task.state, "completed");
    assert.equal(after.events, events, "nothing of its record has changed");
  } finally {
    await box.close();
  }
});

test("a running task is parked for the visit, and goes on when the terminal is closed", async () => {
  const held = gate();
  const box = await world(async (body) => {
    if (userTexts(body).at(-1)?.includes("interrupted")) return text("Finished after the visit.");
    if (turn(body) === 0) return toolUse("Write", { file_path: join(box.tree("runs"), "half.txt"), content: "half\n" });
    await held.opened;
    return text("Too late.");
  });
  try {
    settle(box, [box.repo, box.tree("runs")]);
    await box.copse(["run", "-b", "-l", "runs", "Do a long thing"]);
    const running = await waitFor(async () => {
      const task = await box.task("runs").catch(() => undefined);
      return task?.activity === "editing half.txt" ? task : undefined;
    }, "the agent to be at work");
    const screen = terminal(box, "copse attach runs");
    await screen.shows("Do a long thing");
    await waitFor(() => visitor(running.id), "the interactive agent");
    const parked = await box.task("runs");
    assert.equal([parked.state, parked.pid, parked.attempt], ["blocked", null, 1]);
    screen.close();
    await screen.ended;
    const done = await box.until("runs", "completed");
    assert.equal([done.attempt, done.sessionId, done.result.summary], [2, running.sessionId, "Finished after the visit."]);
    assert.is(box.git(["show", "copse/runs:half.txt"]), "half\n");
  } finally {
    held.open();
    await box.close();
  }
});

test("any other words go to the real claude as they are", async () => {
  const box = await world([text("Ok.")]);
  try {
    const version = await box.alias("claude --version");
    assert.equal([version.code, version.stdout], [0, "2.1.329 (Claude Code)\n"], version.stderr);

    await box.copse(["run", "-l", "ended", "Do it"]);
    const { sessionId } = await box.task("ended");
    const fake = join(box.dir, "bin", "claude");
    const note = join(box.dir, "argv");
    unlinkSync(fake);
    writeFileSync(fake, `#!/bin/sh\nprintf '%s\\0' "$PWD" "$@" > '${note}'\ncat\nexit 7\n`, { mode: 0o755 });
    for (const words of [
      [],
      ["--help"],
      ["-h"],
      ["--debug", "--json"],
      ["-p", "two  words", "$(id)", "", "'q'", "--", "--background"],
      ["mcp", "list"],
      ["--resume"],
      ["--resume", "0e8e0000-0000-4000-8000-000000000000"],
      ["-p", "--resume", sessionId, "And?"],
      ["--resume", sessionId, "no terminal here"],
      ["tasks"],
      ["--continue"],
    ]) {
      const ran = await box.copse(["claude", ...words], { input: "from a pipe" });
      const [cwd, ...argv] = readFileSync(note, "utf8").split("\0").slice(0, -1);
      assert.equal(argv, words);
      assert.equal([ran.code, ran.stdout, ran.stderr, cwd], [7, "from a pipe", "", box.repo], words.join(" "));
    }
    assert.is((await box.copse(["claude", "--version"], { cwd: box.dir, input: "x" })).code, 7, "outside of a repository too");
    assert.is((await box.json(["tasks"])).tasks.length, 1, "none of them made a task");
  } finally {
    await box.close();
  }
});

test.run();
