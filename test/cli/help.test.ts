/** Help and completion: everywhere, for every command, examples first; scripts that the shells can read. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { commandNames } from "../../src/cli/names.ts";
import { builtCli, root } from "../support/sandbox.ts";
import { inBox, writes } from "./support.ts";

const own = commandNames.filter((name) => !["help", "claude"].includes(name));

inBox("every command has help, also outside of a repository, with examples before everything else", async (box) => {
  for (const words of [
    ...own.map((name) => [name, "--help"]),
    ["help", "show"],
    ["help", "claude"],
    ["runner", "stop", "--help"],
    ["config", "trust", "-h"],
  ]) {
    const ran = await box.copse(words, { cwd: box.dir });
    assert.is(ran.code, 0, `${words.join(" ")}: ${ran.stderr}`);
    assert.is(ran.stderr, "");
    assert.match(ran.stdout, /^Examples:\n/, words.join(" "));
    assert.match(ran.stdout, /\n\nUsage: /, words.join(" "));
    assert.ok(
      ran.stdout.split("\n").every((line) => line.length <= 100),
      `${words.join(" ")}: no line over 100`,
    );
  }
});

inBox("the overview names every command; copse alone and copse help are the same", async (box) => {
  const { stdout } = await box.copse(["--help"]);
  assert.ok(stdout.indexOf("Examples:") < stdout.indexOf("Commands:"));
  for (const name of commandNames.filter((one) => one !== "help"))
    assert.match(stdout, new RegExp(`(?:copse |aliases:.*\\b)${name}\\b`), name);
  const listed = [...stdout.matchAll(/^ {2}copse (\w+)/gm)].map(([, name]) => name as string);
  assert.equal(
    listed.filter((name) => !commandNames.includes(name)),
    [],
    "src/cli/names.ts has every name",
  );
  for (const words of [[], ["help"], ["-h"]]) assert.is((await box.copse(words)).stdout.trim(), stdout.trim(), words.join(" "));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.is((await box.copse(["--version"])).stdout, `${version}\n`);
});

inBox("the language of help and errors does not hang on the locale", async (box) => {
  const env = { LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8", LANGUAGE: "de" };
  assert.match((await box.copse(["show", "--help"], { env })).stdout, /Options:[\s\S]*Show help/);
  assert.match((await box.copse(["show", "x", "--jsn"], { env })).stderr, /unknown argument.*\n {2}Did you mean json\?/);
});

inBox("run --help shows every flag", async (box) => {
  const { stdout } = await box.copse(["run", "--help"]);
  for (const flag of [
    "--background, --bg",
    "--worktree",
    "--no-worktree",
    "--label, --name",
    "--prompt-file",
    "--exec",
    "--base",
    "--verify",
    "--deliver",
    "--priority",
    "--group",
    "--tag",
    "--timeout",
    "--retries",
    "--permission-mode",
    "--allow",
    "--after",
    "--on-failure",
    "--json",
  ])
    assert.ok(stdout.includes(flag), flag);
  assert.not.match(stdout, /--debug/);
});

inBox("completion scripts can be read by their shells", async (box) => {
  const syntax: Record<string, string[]> = { bash: ["bash", "-n"], zsh: ["zsh", "-n"], fish: ["fish", "--no-execute"] };
  for (const [shell, [program, flag]] of Object.entries(syntax)) {
    const ran = await box.copse(["completion", shell]);
    assert.is(ran.code, 0);
    assert.ok(ran.stdout.includes("copse --get-yargs-completions"));
    const file = join(box.dir, shell);
    writeFileSync(file, ran.stdout);
    const checked = spawnSync(program as string, [flag as string, file], { encoding: "utf8" });
    // A shell that is not on this machine cannot judge.
    if (checked.error === undefined) assert.is(checked.status, 0, `${shell}: ${checked.stderr}`);
  }
  assert.is(
    (await box.copse(["completion"], { env: { SHELL: "/usr/bin/fish" } })).stdout,
    (await box.copse(["completion", "fish"])).stdout,
  );
});

inBox("commands, flags and labels complete; in bash by the script itself", async (box) => {
  await box.copse(["run", "-l", "docs-api", ...writes]);
  const words = async (...line: string[]) =>
    (await box.copse(["--get-yargs-completions", "copse", ...line])).stdout.split("\n").map((word) => word.replace(/:.*/, ""));
  assert.ok((await words("")).includes("tasks"));
  assert.ok((await words("show", "d")).includes("docs-api"));
  assert.ok((await words("run", "--ver")).includes("--verify"));
  assert.ok((await words("tasks", "--st")).includes("--state"));
  const bin = join(box.dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "copse"), `#!/bin/sh\nexec "${process.execPath}" "${builtCli}" "$@"\n`, { mode: 0o755 });
  const script = `eval "$(copse completion bash)"; COMP_WORDS=(copse show doc); COMP_CWORD=2; _copse; printf "%s\\n" "\${COMPREPLY[@]}"`;
  const ran = spawnSync("bash", ["-c", script], {
    cwd: box.repo,
    env: { ...box.env, PATH: `${bin}:${box.env["PATH"]}` },
    encoding: "utf8",
  });
  assert.is(ran.stdout, "docs-api\n", ran.stderr);
});

test.run();
