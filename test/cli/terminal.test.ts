/** What a person at a terminal sees and does: the foreground view, notices of the terminal's own, the inbox answered by keys. */
import { stripVTControlCharacters } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { noticeCodes } from "../../src/cli/view/terminal-notice.ts";
import { builtCli, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { terminal } from "../support/terminal.ts";

const node = `'${process.execPath}' '${builtCli}'`;
const asker = `if [ -z "$COPSE_ANSWER" ]; then
  echo '{"copse":"question","text":"Which db?","options":["Postgres","SQLite"]}'; exit 5
fi
printf '%s\\n' "$COPSE_ANSWER" >> answer.txt`;

const inBox = (name: string, work: (box: Sandbox) => Promise<void>) =>
  test(name, async () => {
    const box = await sandbox();
    try {
      await work(box);
    } finally {
      await box.close();
    }
  });

inBox("a task in the foreground is told of by the terminal itself, once, and the exit code is the task's", async (box) => {
  const screen = terminal(box, `${node} run -l seen --exec -- sh -c 'sleep 0.5; exit 3'`);
  assert.is(await screen.ended, 1);
  assert.match(screen.all(), /seen +failed/);
  assert.is(screen.all().split("\u001b]9;seen: failed\u001b\\\u0007").length, 2, JSON.stringify(screen.all()));
});

inBox("with follow-ups the answer to the prompt stands below the view, and the prompt is back", async (box) => {
  const script = `sleep 0.5; echo "{\\"copse\\":\\"summary\\",\\"text\\":\\"It adds numbers.\\"}"`;
  const screen = terminal(box, `${node} run -l adds --then more --exec -- sh -c '${script}'`);
  assert.is(await screen.ended, 0);
  const said = stripVTControlCharacters(screen.all());
  assert.match(said, /follow-up[\s\S]*\r\nIt adds numbers\.\r\n1 follow-up goes on in the background: copse logs -f adds\r\n\s*$/);
  assert.not.match(said, /✖/);
  assert.is((await box.copse(["wait", "adds"])).code, 0);
});

inBox("nothing of the terminal's goes through a pipe, and none is told that does not want to be", async (box) => {
  const piped = await box.copse(["run", "-l", "piped", "--exec", "--", "true"]);
  assert.not.match(piped.stdout + piped.stderr, /[\u001b\u0007]/);
  const quiet = terminal(box, `${node} run -l quiet --notify off --exec -- true`);
  assert.is(await quiet.ended, 0);
  assert.not.match(quiet.all(), /\u0007/);
});

inBox("the inbox is answered by keys, one task after the other; Enter leaves one for later", async (box) => {
  for (const label of ["one", "two", "three"]) await box.copse(["run", "-b", "-l", label, "--exec", "--", "sh", "-c", asker]);
  assert.is((await box.copse(["wait", "one", "two", "three"])).code, 5);
  const screen = terminal(box, `${node} inbox`);
  for (const [n, keys] of ["2\r", "\r", "Some other one\r"].entries()) {
    await screen.shows(`${n + 1} of 3`);
    screen.type(keys);
    if (n !== 1) await waitFor(() => screen.all().split("goes on.").length > (n === 0 ? 1 : 2), "the answer to be taken");
  }
  await screen.shows("That was all.");
  assert.is(await screen.ended, 0);
  const left = (await box.json(["inbox"])).tasks.map((task: any) => task.label);
  assert.is(left.length, 1);
  const [first, third] = ["one", "two", "three"].filter((label) => label !== left[0]) as [string, string];
  assert.is((await box.copse(["wait", first, third])).code, 0);
  assert.equal([first, third].map((label) => box.git(["show", `copse/${label}:answer.txt`])).sort(), ["SQLite\n", "Some other one\n"]);
  const gone = terminal(box, `${node} inbox`);
  await gone.shows("1 of 1");
  gone.type("q\r");
  assert.is(await gone.ended, 0);
  assert.is((await box.task(left[0])).state, "blocked", "q leaves it as it is");
});

inBox("tasks --watch draws the screen again and tells of what happens meanwhile", async (box) => {
  await box.copse(["run", "-b", "-l", "watched", "--exec", "--", "sh", "-c", "while [ ! -e go ]; do sleep 0.05; done"]);
  const screen = terminal(box, `${node} tasks --watch`);
  await screen.shows("watched running");
  const { worktree } = await box.task("watched");
  await box.copse(["run", "-l", "helper", "--no-worktree", "--exec", "--", "touch", `${worktree}/go`]);
  await waitFor(() => screen.all().includes("\u001b]9;watched: completed\u001b\\\u0007"), "the notice");
  await screen.shows("watched completed");
  screen.close();
  await screen.ended;
});

test("the codes are the terminal's own, and nothing in the text can end them early", () => {
  const hostile = "evil\u001b\\\u0007\u001b]0;title\u0007; rm -rf";
  assert.is(noticeCodes("docs: completed", {}), "\u001b]9;docs: completed\u001b\\\u0007");
  assert.is(noticeCodes("a;b", { TERM: "foot" }), "\u001b]777;notify;Copse;a,b\u001b\\\u0007");
  assert.is(noticeCodes("x", { TMUX: "/tmp/s" }), "\u001bPtmux;\u001b\u001b]9;x\u001b\u001b\\\u001b\\\u0007");
  for (const env of [{}, { VTE_VERSION: "7600" }]) {
    const inside = noticeCodes(hostile, env)
      .replace(/^\u001b\](?:9|777);/, "")
      .replace(/\u001b\\\u0007$/, "");
    assert.not.match(inside, /[\u0000-\u001f\u007f-\u009f]/);
  }
});

test.run();
