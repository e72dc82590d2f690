/** A prompt arrives as it was typed, whichever way it came; and the words of the flags are those people know from elsewhere. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Sandbox } from "../support/sandbox.ts";
import { inBox, standInForClaude } from "./support.ts";

/** What is kept of the prompt of the task with that id. */
function promptOf(box: Sandbox, id: string): string {
  const repos = join(box.state, "repos");
  return readFileSync(join(repos, readdirSync(repos)[0] as string, "tasks", id, "prompt"), "utf8");
}

async function submit(box: Sandbox, words: string[], input?: string): Promise<{ task: any; prompt: string }> {
  const cut = words.includes("--") ? words.indexOf("--") : words.length;
  const ran = await box.copse([...words.slice(0, cut), "--json", ...words.slice(cut)], input === undefined ? {} : { input });
  assert.is(ran.code, 0, `${words.join(" ")}: ${ran.stdout}${ran.stderr}`);
  const { task } = JSON.parse(ran.stdout);
  return { task, prompt: promptOf(box, task.id) };
}

inBox("by argument, file and standard input, to the byte", async (box) => {
  standInForClaude(box);
  const odd = "- first do this\n--then that\n\t'quotes' \"and\" $HOME `x` ünïcödé 🌲\n";
  writeFileSync(join(box.dir, "p.md"), odd);
  assert.is((await submit(box, ["run", "-b", odd])).prompt, odd);
  assert.is((await submit(box, ["run", "-b", "--prompt-file", join(box.dir, "p.md")])).prompt, odd);
  assert.is((await submit(box, ["run", "-b", "-"], odd)).prompt, odd);
  assert.is((await submit(box, ["run", "-b", "--prompt-file", "-"], odd)).prompt, odd);
  const long = `${"long ".repeat(60_000)}end`;
  const { task, prompt } = await submit(box, ["-b", "-l", "long", "-"], long);
  assert.is(prompt, long);
  await box.copse(["wait", "long"]);
  assert.is(box.git(["show", "copse/long:prompt.txt"]).length, long.length, "the agent got all of it");
  assert.is((await box.task("long")).id, task.id);
});

inBox("the default command: the forms people type already", async (box) => {
  standInForClaude(box);
  const bare = await submit(box, ["-b", "fix the login"]);
  assert.is(bare.prompt, "fix the login");
  assert.is(bare.task.label, "fix-the-login", "a label is made from the prompt");
  assert.is((await submit(box, ["-b", "fix the login"])).task.label, "fix-the-login-2");
  assert.is((await submit(box, ["-w", "-b", "--label", "docs", "Write the API docs"])).prompt, "Write the API docs");
  assert.is(
    (await submit(box, ["-w", "write the other docs", "-b"])).prompt,
    "write the other docs",
    "a value of -w with a space is the prompt",
  );
  const named = await submit(box, ["-b", "-w", "my-tree", "do it there"]);
  assert.is(named.prompt, "do it there");
  assert.is(named.task.label, "my-tree");
  const both = await submit(box, ["-b", "--worktree=a-place", "-l", "a-name", "do it here"]);
  assert.is(both.task.label, "a-name");
  await box.copse(["wait", "a-name"]);
  assert.match((await box.task("a-name")).worktree, /\.worktrees\/trees\/a-place$/);
});

inBox("aliases of flags", async (box) => {
  standInForClaude(box);
  const labels: string[][] = [["-l"], ["-n"], ["--label"], ["--name"]];
  for (const [i, [flag]] of labels.entries())
    assert.is((await submit(box, ["run", "-b", flag as string, `l${i}`, "x y"])).task.label, `l${i}`);
  for (const flag of ["-b", "--bg", "--background"]) assert.is((await submit(box, ["run", flag, "x y"])).task.state, "queued");
  const ran = await box.copse(["run", "-bq", "x y"]);
  assert.match(ran.stdout, /^\w+\n$/, "short flags in one word");
});

inBox("copse claude in the background makes a task, whatever agent is configured", async (box) => {
  standInForClaude(box);
  const ran = await box.copse(["claude", "-w", "--background", "--label", "security-audit", "Scan it all", "--json"], {
    env: { COPSE_AGENT: "nobody" },
  });
  assert.is(ran.code, 0, ran.stderr);
  const { task } = JSON.parse(ran.stdout);
  assert.is(task.label, "security-audit");
  assert.is(task.agent, "claude");
  assert.is(promptOf(box, task.id), "Scan it all");
});

inBox("copse claude without --background hands everything to the real one, and gives its exit code back", async (box) => {
  const bin = join(box.dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "claude"), '#!/bin/sh\nprintf "%s|" "$@"\nexit 9\n', { mode: 0o755 });
  const ran = await box.copse(["claude", "--help", "-p", "a b", "--", "--bg"], { env: { PATH: `${bin}:${box.env["PATH"]}` } });
  assert.is(ran.stdout, "--help|-p|a b|--|--bg|");
  assert.is(ran.code, 9);
});

inBox("arguments behind -- go to the agent, flags before it are ours", async (box) => {
  const { task } = await submit(box, [
    "run",
    "-b",
    "-l",
    "args",
    "--tag",
    "a",
    "--tag=b",
    "--exec",
    "--",
    "sh",
    "-c",
    'printf "%s\\n" "$@" > args.txt',
    "sh",
    "-b",
    "--label",
    "x y",
  ]);
  assert.equal(task.tags, ["a", "b"]);
  await box.copse(["wait", "args"]);
  assert.is(box.git(["show", "copse/args:args.txt"]), "-b\n--label\nx y\n");
});

test.run();
