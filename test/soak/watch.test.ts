/** `copse watch` at a real terminal: each key does what it says on real tasks; however the view ends, the terminal is as it was before. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { settled, submit } from "../support/run-script.ts";
import { agent, kill, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { type Watched, watched } from "../support/watched.ts";

const asker = `if [ -z "$COPSE_ANSWER" ]; then
  echo '{"copse":"question","text":"Which db?","options":["Postgres","SQLite"]}'; exit 5
fi
printf '%s\\n' "$COPSE_ANSWER" > answer.txt`;

function inBox(name: string, work: (box: Sandbox) => Promise<void>): void {
  test(name, async () => {
    const box = await sandbox();
    Object.assign(box.env, { COPSE_IDLE_SECONDS: "60", NOTES: join(box.dir, "notes"), GO: join(box.dir, "go") });
    try {
      await work(box);
    } finally {
      await box.close();
    }
  });
}

/** The key, and what stands on the screen after it. */
async function press(screen: Watched, key: string, shows: string): Promise<void> {
  screen.press(key);
  await screen.shows(shows);
}

inBox("questions are answered, tasks stopped, tried again and merged by keys, each as the command that is shown", async (box) => {
  await submit(box, "asks-first", asker);
  await submit(box, "asks-more", asker);
  await submit(box, "makes", 'echo "{\\"copse\\":\\"activity\\",\\"text\\":\\"scanning src\\"}"; echo made > made.txt');
  await submit(box, "holds", `echo log-of-holds; exec '${agent("holds.sh")}'`);
  assert.is((await settled(box, "makes")).state, "completed");
  const screen = await watched(box);
  try {
    await screen.watch("Needs you (2)");
    await screen.shows("> ✗ asks-first");
    await screen.shows("✓ makes");
    await screen.shows("● holds");

    await press(screen, "a", "2  copse send asks-first 2   SQLite");
    await press(screen, "2", "copse send asks-first 2: asks-first is answered and goes on");
    assert.is((await settled(box, "asks-first")).state, "completed");
    assert.is(box.git(["show", "copse/asks-first:answer.txt"]), "SQLite\n");
    await screen.shows("Needs you (1)");

    await press(screen, "n", "> ✗ asks-more");
    await press(screen, "a", "Which db?");
    await press(screen, "t", "gets this as the answer");
    screen.type("My'SQL, 日本");
    await screen.shows("copse send asks-more 'My'\\''SQL, 日本'");
    await press(screen, "Enter", "asks-more is answered and goes on");
    assert.is((await settled(box, "asks-more")).state, "completed");
    assert.is(box.git(["show", "copse/asks-more:answer.txt"]), "My'SQL, 日本\n");

    screen.press("/");
    screen.type("holds");
    await screen.shows("filter: holds");
    await press(screen, "Enter", "> ● holds");
    await press(screen, "l", "log-of-holds");
    await screen.shows("following");
    await press(screen, "q", "Running (1)");
    await press(screen, "o", "has no session of an agent to attach to");
    await press(screen, "s", "its work is kept");
    assert.is((await box.task("holds")).state, "running", "nothing is done before the answer");
    await press(screen, "Escape", "> ● holds");
    await press(screen, "s", "copse stop holds");
    await press(screen, "y", "copse stop holds: holds is stopped");
    assert.is((await box.task("holds")).state, "stopped");
    await press(screen, "r", "A new attempt, in the same worktree.");
    await press(screen, "y", "is queued again");
    await screen.shows("● holds");
    assert.is((await box.task("holds")).attempt, 2);
    await press(screen, "Escape", "✓ makes");

    screen.press("/");
    screen.type("makes");
    await press(screen, "Enter", "> ✓ makes");
    await press(screen, "d", "+made");
    assert.match(screen.screen(), /diff --git a\/made\.txt b\/made\.txt/);
    await press(screen, "q", "Done lately");
    await press(screen, "Enter", "was queued");
    assert.match(screen.screen(), /makes · its life · completed/);
    await press(screen, "q", "Done lately");
    await press(screen, "m", "copse merge makes");
    await press(screen, "y", "makes is in main as");
    assert.is(readFileSync(join(box.repo, "made.txt"), "utf8"), "made\n");
    await press(screen, "p", "copse pr makes");
    await press(screen, "y", "copse pr makes: ");
    await press(screen, "?", "suspend the view");
    await press(screen, "q", "> ✓ makes");
    screen.press("q");
    await screen.atPrompt();
    writeFileSync(join(box.dir, "go"), "");
    assert.is((await settled(box, "holds")).state, "completed");
  } finally {
    screen.close();
  }
});

inBox("all repositories, or this one by --here and h; words of the two agree with tasks", async (box) => {
  const other = join(box.dir, "other");
  mkdirSync(other);
  box.git(["init", "-q"], other);
  box.git(["commit", "-q", "--allow-empty", "-m", "start"], other);
  await submit(box, "mine", "true");
  await submit(box, "theirs", "true", { cwd: other });
  await settled(box, "mine");
  await settled(box, "theirs", other);
  const screen = await watched(box);
  try {
    await screen.watch("Done lately (2)");
    assert.match(screen.screen(), /✓ theirs +other +completed/);
    await press(screen, "h", "Done lately (1)");
    assert.not.match(screen.screen(), /theirs/);
    await press(screen, "h", "Done lately (2)");
    screen.press("q");
    await screen.atPrompt();
    await screen.watch("this repository", "--here");
    await screen.shows("Done lately (1)");
    screen.press("q");
    await screen.atPrompt();
  } finally {
    screen.close();
  }
});

inBox("the terminal is as it was: q, Ctrl-C, Ctrl-Z and fg, signals, a fault of ours", async (box) => {
  await submit(box, "one", "true");
  await settled(box, "one");
  const screen = await watched(box);
  const before = await screen.state();
  assert.match(before, /\n0 1 1$/, "no other screen, a cursor, wrapping");
  /** Ends the view in this way; what stood on the screen stands there again. */
  const ends = async (how: string, end: () => void, code: number, said = "") => {
    await screen.line("echo stood here before");
    await screen.watch("✓ one");
    assert.is(screen.ask("#{alternate_on} #{cursor_flag} #{wrap_flag}"), "1 0 1", how);
    end();
    await screen.atPrompt();
    const stands = screen.screen();
    assert.match(stands, new RegExp(`^here> echo stood here before\\nstood here before\\nhere> copse watch *\\n${said}here>`), how);
    assert.match(await screen.line("echo code $?"), /\n/);
    assert.is(await screen.state(), before, how);
    screen.type("copse watch");
    screen.press("Enter");
    await screen.shows("✓ one");
    end();
    await screen.atPrompt();
    assert.match(await lineAfter(screen, "echo code=$?"), new RegExp(`code=${code}`), how);
  };
  try {
    await ends("q", () => screen.press("q"), 0);
    await ends("Ctrl-C", () => screen.press("C-c"), 130);
    await ends("SIGINT", () => kill(screen.pid(), "SIGINT"), 130);
    await ends("SIGTERM", () => kill(screen.pid(), "SIGTERM"), 143, "Terminated\n");
    await ends("SIGHUP", () => kill(screen.pid(), "SIGHUP"), 129, "Hangup\n");

    await screen.line("echo stood here before");
    await screen.watch("✓ one");
    for (const round of [1, 2]) {
      screen.press("C-z");
      await screen.atPrompt();
      assert.match(screen.screen(), /stood here before[\s\S]*Stopped/, `round ${round}`);
      assert.is(await screen.state(), before, "suspended");
      // Another size meanwhile, of which a stopped program is not told.
      screen.resize(100, 20 + round);
      screen.type("fg");
      screen.press("Enter");
      await screen.shows("✓ one");
      await waitFor(() => screen.screen().trimEnd().split("\n").length === 20 + round, "the new size");
      await press(screen, "?", "suspend the view");
      await press(screen, "?", "Done lately");
    }
    // Stopped outright, as nobody can catch it: drawn anew when it goes on.
    const pid = screen.pid();
    kill(pid, "SIGSTOP");
    await screen.shows("Stopped");
    screen.type("fg");
    screen.press("Enter");
    await screen.shows("Done lately (1)");
    kill(pid, "SIGTSTP");
    await screen.atPrompt();
    assert.is(await screen.state(), before, "suspended by a signal");
    screen.type("fg");
    screen.press("Enter");
    await screen.shows("Done lately (1)");

    // A fault of ours: what every look reads is a folder all of a sudden.
    const index = join(box.state, "index.jsonl");
    renameSync(index, `${index}.aside`);
    mkdirSync(index);
    await screen.atPrompt();
    rmdirSync(index);
    renameSync(`${index}.aside`, index);
    assert.match(screen.screen(), /copse: bug: EISDIR/);
    assert.is(await screen.state(), before, "a fault");

    // Nothing can be done about this one, but that the shell says so and one word mends it.
    await screen.watch("✓ one");
    kill(screen.pid(), "SIGKILL");
    await waitFor(() => screen.ask("#{pane_current_command}") === "bash", "the end of the view");
    assert.is(screen.ask("#{wrap_flag}"), "1", "lines still wrap");
    screen.type("reset");
    screen.press("Enter");
    await waitFor(() => screen.ask("#{cursor_flag}") === "1", "reset");
  } finally {
    screen.close();
  }
});

/** As `line`, without anything run in between. */
async function lineAfter(screen: Watched, words: string): Promise<string> {
  screen.type(words);
  screen.press("Enter");
  await screen.shows("code=");
  await waitFor(() => /code=\d/.test(screen.screen()), "the code");
  return screen.screen();
}

inBox("the runner killed under it: it says so, shows what there is, and the next runner is seen by itself", async (box) => {
  await submit(box, "holds", `exec '${agent("holds.sh")}'`);
  await waitFor(async () => (await box.task("holds")).state === "running", "it to run");
  const screen = await watched(box);
  try {
    await screen.watch("runner up");
    kill(runnerPid(box.state) as number);
    await screen.shows("no runner is up: your next command starts one");
    await screen.shows("● holds");
    await submit(box, "another", "true");
    await screen.shows("runner up");
    await screen.shows("✓ another");
    writeFileSync(join(box.dir, "go"), "");
    await screen.shows("✓ holds");
    screen.press("q");
    await screen.atPrompt();
  } finally {
    screen.close();
  }
  assert.ok(existsSync(box.state));
});

inBox("left while a command is under way: it is finished, and what came of it stands at the prompt", async (box) => {
  await submit(box, "deaf", 'trap "" INT; echo ready; while :; do sleep 0.1; done');
  const screen = await watched(box);
  try {
    await screen.watch("● deaf");
    await press(screen, "l", "ready");
    await press(screen, "s", "its work is kept");
    await press(screen, "y", "copse stop deaf …");
    await press(screen, "q", "> ● deaf");
    screen.press("q");
    await screen.shows("Finishing copse stop deaf; Ctrl-C leaves it to itself.");
    await screen.shows("copse stop deaf: deaf is stopped");
    await screen.atPrompt();
    assert.is((await box.task("deaf")).state, "stopped");
  } finally {
    screen.close();
  }
});

inBox("narrow, wide, tiny, and back: drawn for every size", async (box) => {
  await submit(box, "日本語のラベル", asker);
  assert.is((await box.copse(["wait", "日本語のラベル"])).code, 5);
  const screen = await watched(box);
  try {
    await screen.watch("Needs you (1)");
    for (const [columns, rows, shows] of [
      [40, 12, "blocked"],
      [200, 60, "waiting for input: Which db?"],
      [10, 4, "make this"],
      [24, 8, "Needs you"],
      [120, 40, "waiting for input: Which db?"],
    ] as const) {
      screen.resize(columns, rows);
      await screen.shows(shows);
      await waitFor(() => !screen.screen().includes("make this") || rows === 4, "nothing of the size before");
    }
    screen.press("q");
    await screen.atPrompt();
  } finally {
    screen.close();
  }
});

test.run();
