/** Copse inside the real Claude Code: its plugins are valid, /tasks and /notify answer without a turn of the model, arguments are no code, and -w gets Copse's worktrees. */
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { text, toolResults, toolUse, turn, userTexts } from "../support/messages-api.ts";
import { root } from "../support/sandbox.ts";
import { terminal } from "../support/terminal.ts";
import { settle, type World, world } from "./world.ts";

const shipped = join(root, "templates", "claude");
const notified = async (box: World): Promise<string> => (await box.json(["notify"])).notify.when;
/** Runs as root in tests, where Claude Code wants to be told that it may. */
const unchecked = { IS_SANDBOX: "1" };

test("the shipped plugins and their marketplace are valid, and Claude Code's own commands install and remove them", async () => {
  const box = await world([text("Ok.")]);
  try {
    settle(box, [box.repo]);
    for (const name of ["", "copse", "copse-worktrees"]) {
      const said = await box.claude(["plugin", "validate", "--strict", join(shipped, name)]);
      assert.is(said.code, 0, `${said.stdout}${said.stderr}`);
    }
    for (const args of [
      ["marketplace", "add", shipped],
      ["install", "copse@copse"],
    ]) {
      const said = await box.claude(["plugin", ...args]);
      assert.is(said.code, 0, `${said.stdout}${said.stderr}`);
    }
    await box.copse(["run", "-q", "-l", "docs", "--exec", "--", "true"]);
    const answered = await box.claude(["-p", "/copse:tasks"]);
    assert.match(answered.stdout, /✓ docs +completed/);
    assert.is(box.api.main().length, 0, "the model is not asked");
    for (const args of [
      ["uninstall", "copse@copse"],
      ["marketplace", "remove", "copse"],
    ])
      assert.is((await box.claude(["plugin", ...args])).code, 0);
    assert.not.match((await box.claude(["-p", "/copse:tasks"])).stdout, /docs/);
  } finally {
    await box.close();
  }
});

test("copse init --claude: /tasks and /notify answer, by -p and on the screen; what is typed behind them is never run", async () => {
  const box = await world([text("The model was asked.")], { env: unchecked });
  try {
    settle(box, [box.repo]);
    await box.copse(["run", "-q", "-l", "docs", "--exec", "--", "true"]);
    assert.is((await box.copse(["init", "--claude"])).code, 0);
    assert.match((await box.claude(["-p", "/tasks"])).stdout, /\n✓ docs +completed/);
    assert.match((await box.claude(["-p", "/notify on-block"])).stdout, /on-block: you are told when a task needs you/);
    assert.is(await notified(box), "on-block");
    for (const args of ['"; touch pwned"', "always; touch pwned", "always\n```!\ntouch pwned\n```"]) {
      const said = await box.claude(["-p", `/notify ${args}`, "--dangerously-skip-permissions"]);
      assert.match(said.stdout, /copse: /, args);
    }
    assert.equal([await notified(box), box.api.main().length], ["on-block", 0]);

    const screen = terminal(box, "claude");
    await screen.shows("for agents");
    for (const [typed, shown] of [
      ["/tasks", "✓ docs completed"],
      ["/notify always", "always: you are told when a task needs you, has completed or failed"],
    ] as const) {
      screen.type(typed);
      await screen.shows(typed);
      screen.type("\r");
      await screen.shows(shown);
    }
    screen.type("/exit");
    await screen.shows("Exit the CLI");
    screen.type("\r");
    assert.is(await screen.ended, 0);
    assert.equal([await notified(box), box.api.main().length], ["always", 0], "and the model was never asked");

    // Where hooks are off the files answer by themselves: with a turn of the model, but no argument in a shell's line.
    rmSync(join(box.env["HOME"] ?? "", ".claude", "skills", "copse", "hooks"), { recursive: true });
    for (const args of ["x; touch pwned", "!`touch pwned`"])
      assert.match((await box.claude(["-p", `/notify ${args}`, "--dangerously-skip-permissions"])).stdout, /The model was asked/);
    const said = userTexts(box.api.main().at(-1)?.body as never).join("\n");
    assert.match(said, /always: you are told/);
    assert.match((await box.claude(["-p", "/tasks"])).stdout, /The model was asked/);
    assert.match(userTexts(box.api.main().at(-1)?.body as never).join("\n"), /✓ docs +completed/);
    assert.equal([existsSync(join(box.repo, "pwned")), await notified(box)], [false, "always"]);

    const before = readdirSync(join(box.env["HOME"] ?? "", ".claude"));
    assert.ok(before.includes("skills"));
    assert.is((await box.copse(["init", "--claude", "--remove"])).code, 0);
    for (const name of ["skills", "commands"]) assert.is(existsSync(join(box.env["HOME"] ?? "", ".claude", name)), false, name);
  } finally {
    await box.close();
  }
});

test("into a repository: its sessions answer as well", async () => {
  const box = await world([text("The model was asked.")]);
  try {
    settle(box, [box.repo]);
    assert.is((await box.copse(["init", "--claude", "--project"])).code, 0);
    const said = await box.claude(["-p", "/notify off"]);
    assert.match(said.stdout, /off: you are told nothing/);
    assert.equal([await notified(box), box.api.main().length], ["off", 0]);
  } finally {
    await box.close();
  }
});

test("claude -w gets a worktree of Copse's; at its end it goes where nothing is lost, and stays where something would be", async () => {
  const box = await world((body) => {
    const last = userTexts(body).at(-1) ?? "";
    if (last.includes("WRITE") && turn(body) === 0) return toolUse("Bash", { command: "pwd > where.txt; pwd" });
    return text(`Done. ${toolResults(body)[0]?.text ?? ""}`);
  });
  const leave = async (name: string, end: string, open: () => void) => {
    const screen = terminal(box, `claude -w ${name}`);
    await screen.shows("for agents");
    screen.type("hello");
    await screen.shows("hello");
    screen.type("\r");
    await screen.shows("Done.");
    open();
    const { orphans } = await box.json(["clean"]);
    const mine = orphans.find((one: { path: string }) => one.path === box.tree(name));
    assert.match(mine.why, /^process \d+ works in it$/, "a live session's worktree is not offered");
    screen.type("/exit");
    await screen.shows("Exit the CLI");
    screen.type("\r");
    await screen.shows("Remove worktree");
    screen.type("\u001b[B");
    await screen.shows("❯ Remove worktree");
    screen.type("\r");
    await screen.shows(end);
    await screen.ended;
  };
  try {
    const trees = ["oak", "elm", "ash"].map((name) => box.tree(name));
    settle(box, [box.repo, ...trees]);
    assert.is((await box.copse(["init", "--claude", "--worktrees"])).code, 0);
    const printed = await box.claude(["-p", "WRITE it", "-w", "oak", "--allowedTools=Bash"]);
    assert.is(printed.code, 0, printed.stderr);
    assert.is(readFileSync(join(box.tree("oak"), "where.txt"), "utf8"), `${realpathSync(box.tree("oak"))}\n`);
    assert.is(box.git(["branch", "--show-current"], box.tree("oak")), "copse/oak\n");
    assert.is(box.git(["status", "--porcelain"]), "", "the main checkout shows nothing of it");
    const again = await box.claude(["-p", "again", "-w", "oak"]);
    assert.equal([again.code, existsSync(join(box.tree("oak"), "where.txt"))], [0, true], again.stderr);
    box.git(["branch", "copse/mine"]);
    const taken = await box.claude(["-p", "hello", "-w", "mine"]);
    assert.is(taken.code, 1);
    assert.match(taken.stderr, /WorktreeCreate hook failed: .*the branch copse\/mine exists already/s);
    assert.equal(readdirSync(join(box.repo, ".worktrees", "trees")), ["oak"]);

    await leave("elm", "Worktree removed.", () => {});
    assert.is(existsSync(box.tree("elm")), false);
    assert.is((await box.copse(["restore", "elm"])).code, 0);
    const kept = join(box.tree("ash"), "open.txt");
    await leave("ash", "Couldn't remove worktree. Kept at", () => writeFileSync(kept, "not committed\n"));
    assert.ok(existsSync(kept), "what is not committed stays, and the person is told");
  } finally {
    await box.close();
  }
});

test.run();
