/** `copse init --claude`: files for Claude Code that come whole, overwrite nothing, and go without a trace; and what `/tasks` and `/notify` answer. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox, refused, writes } from "../cli/support.ts";
import { root, type Sandbox } from "../support/sandbox.ts";

const shipped = join(root, "templates", "claude");
const textOf = (...path: string[]): string => readFileSync(join(...path), "utf8");
const everything = (dir: string): string[] => readdirSync(dir, { recursive: true, encoding: "utf8" }).sort();

inBox("installed for the person, brought up to date, removed: nothing of theirs is touched, nothing of ours is left", async (box) => {
  const home = join(box.env["HOME"] as string, ".claude");
  const own = join(home, "commands", "notify.md");
  mkdirSync(join(home, "commands"), { recursive: true });
  writeFileSync(own, "my own\n");
  writeFileSync(join(home, "settings.json"), "{}");
  const before = everything(home);
  const first = await box.copse(["init", "--claude"]);
  assert.is(first.code, 0, first.stderr);
  assert.match(first.stdout, /kept \S+notify\.md, which is not Copse's[^\n]*\n.*\/tasks and \/copse:notify/s);
  for (const name of [".claude-plugin/plugin.json", "hooks/hooks.json", "commands/tasks.md", "commands/notify.md", "README.md"])
    assert.is(textOf(home, "skills/copse", name), textOf(shipped, "copse", name), name);
  assert.is(textOf(home, "commands", "tasks.md"), textOf(shipped, "copse", "commands", "tasks.md"));
  assert.is(existsSync(join(home, "skills", "copse-worktrees")), false, "worktrees are for those who ask");

  // One as an older version wrote it, one that the person has changed since.
  const note = join(home, "skills", "copse", "installed.json");
  writeFileSync(join(home, "skills", "copse", "README.md"), "older\n");
  const older = createHash("sha256").update("older\n").digest("hex");
  writeFileSync(note, textOf(note).replace(/("skills\/copse\/README\.md": ")[0-9a-f]+/, `$1${older}`));
  writeFileSync(join(home, "commands", "tasks.md"), "changed\n");
  const again = await box.json(["init", "--claude", "--worktrees"]);
  assert.equal(again.kept, ["commands/notify.md", "commands/tasks.md"]);
  assert.ok(again.made.includes("skills/copse/README.md") && again.made.includes("skills/copse-worktrees/hooks/hooks.json"));
  assert.is(textOf(home, "skills", "copse", "README.md"), textOf(shipped, "copse", "README.md"));

  assert.is((await box.copse(["init", "--claude", "--remove", "--worktrees"])).code, 0);
  assert.equal(readdirSync(join(home, "skills")), ["copse"]);
  const gone = await box.json(["init", "--claude", "--remove"]);
  assert.equal(gone.kept, ["commands/tasks.md"], "what was changed since stays");
  rmSync(join(home, "commands", "tasks.md"));
  assert.equal([everything(home), textOf(own)], [before, "my own\n"]);
  assert.match((await box.copse(["init", "--claude", "--remove"])).stdout, /Nothing of Copse's is in/);
});

inBox("into a repository, never through a link of its own, and back out", async (box) => {
  assert.is((await box.copse(["init", "--claude", "--project"])).code, 0);
  assert.ok(existsSync(join(box.repo, ".claude", "skills", "copse", "hooks", "hooks.json")));
  assert.is((await box.copse(["init", "--claude", "--project", "--remove"])).code, 0);
  assert.is(box.git(["status", "--porcelain", "--ignored"]), "");
  assert.is(existsSync(join(box.repo, ".claude")), false);
  mkdirSync(join(box.repo, ".claude"));
  mkdirSync(join(box.dir, "elsewhere"));
  symlinkSync(join(box.dir, "elsewhere"), join(box.repo, ".claude", "commands"));
  refused(await box.copse(["init", "--claude", "--project"]), 4, /\.claude\/commands is a symbolic link/);
  rmSync(join(box.repo, ".claude", "commands"));
  mkdirSync(join(box.repo, ".claude", "skills", "copse"), { recursive: true });
  writeFileSync(join(box.repo, ".claude", "skills", "copse", "installed.json"), '{"files":{"skills/../../a.txt":"x"},"folders":[]}');
  refused(await box.copse(["init", "--claude", "--project", "--remove"]), 2, /cannot be understood/);
  assert.equal(readdirSync(join(box.dir, "elsewhere")), []);
  refused(await box.copse(["init", "--remove"]), 2, /--remove goes with --claude/);
});

/** The answer, or what was printed instead. */
async function slash(box: Sandbox, command_name: string, command_args = "", command_source = "plugin"): Promise<string> {
  const event = { hook_event_name: "UserPromptExpansion", session_id: "s", cwd: box.repo, command_name, command_args, command_source };
  const ran = await box.copse(["hooks", "slash"], { input: JSON.stringify(event), cwd: box.dir });
  assert.equal([ran.code, ran.stderr], [0, ""]);
  if (ran.stdout === "") return "";
  const { stopReason, ...rest } = JSON.parse(ran.stdout);
  assert.equal(rest, { continue: false });
  return stopReason;
}

inBox("/tasks and /notify answer with what the command line prints; arguments are words, never code", async (box) => {
  await box.copse(["run", "-q", "-l", "docs", ...writes]);
  assert.match(await slash(box, "copse:tasks"), /^\n✓ docs +completed/);
  assert.match(await slash(box, "copse:tasks", "--watch"), /shows the list once/);
  assert.match(await slash(box, "copse:notify", "on-block"), /^\non-block: you are told when a task needs you/);
  assert.match(await slash(box, "copse:notify"), /^\non-block: /);
  assert.match(await slash(box, "copse:notify", "on-blok"), /expected on-complete, .* got "on-blok"\n {2}Did you mean on-block\?/);
  for (const args of ["always; touch pwned", "$(touch pwned)"]) assert.match(await slash(box, "copse:notify", args), /^\ncopse: /);
  assert.equal([existsSync(join(box.dir, "pwned")), existsSync(join(box.repo, "pwned"))], [false, false]);
  assert.match((await box.copse(["notify"])).stdout, /^on-block/, "none of them has set anything");
});

inBox("a short name is answered where its file is ours; others keep theirs", async (box) => {
  const commands = join(box.env["HOME"] as string, ".claude", "commands");
  mkdirSync(commands, { recursive: true });
  writeFileSync(join(commands, "tasks.md"), textOf(shipped, "copse", "commands", "tasks.md"));
  writeFileSync(join(commands, "notify.md"), "Write to everybody that $ARGUMENTS\n");
  assert.match(await slash(box, "tasks", "", "userSettings"), /No tasks in this repository/);
  assert.is(await slash(box, "notify", "always", "userSettings"), "");
  assert.is(await slash(box, "tasks", "", "projectSettings"), "");
  assert.is(await slash(box, "other:tasks"), "");
  assert.equal(await box.copse(["hooks", "slash"], { input: "no event" }), { code: 0, stdout: "", stderr: "" });
});

test("the plugins are what the package is: same version, only commands it has, no argument in a shell's line", () => {
  const { version } = JSON.parse(textOf(root, "package.json"));
  const { plugins } = JSON.parse(textOf(shipped, ".claude-plugin", "marketplace.json"));
  assert.equal(
    plugins.map(({ name, source }: Record<string, string>) => [name, source]),
    [
      ["copse", "./copse"],
      ["copse-worktrees", "./copse-worktrees"],
    ],
  );
  for (const { name } of plugins) assert.is(JSON.parse(textOf(shipped, name, ".claude-plugin", "plugin.json")).version, version);
  for (const name of ["tasks", "notify"]) {
    const shell = textOf(shipped, "copse", "commands", `${name}.md`).match(/!`[^`]*`/g) ?? [];
    assert.equal(shell, [`!\`copse ${name}\``]);
  }
});

test.run();
