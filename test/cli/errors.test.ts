/** Exit codes and errors: what happened, why, the next command; the code of the contract. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runnerPid } from "../support/sandbox.ts";
import { inBox, refused, standInForClaude, writes } from "./support.ts";

inBox("wrong usage ends with 2 and says what was meant", async (box) => {
  refused(await box.copse(["taks"]), 2, /unknown command taks/, /Did you mean copse tasks\?/);
  refused(await box.copse(["fix"]), 2, /unknown command fix/, /copse run "fix"/);
  refused(await box.copse(["run", "--lable", "x", "do it"]), 2, /unknown flag --lable/, /Did you mean --label\?/);
  refused(await box.copse(["tasks", "--jsn"]), 2, /unknown flag --jsn/, /Did you mean --json\?/);
  refused(await box.copse(["show", "x", "--jsn"]), 2, /jsn/, /Did you mean json\?/);
  refused(await box.copse(["show"]), 2, /something is missing/);
  refused(await box.copse(["-q", "tasks"]), 2, /the command comes first: copse tasks/, /copse run "tasks"/);
  refused(await box.copse(["run"]), 2, /no prompt/, /Example: copse/);
  refused(await box.copse(["run", "fix", "the", "login"]), 2, /one prompt is expected/, /quotes/);
  refused(await box.copse(["run", "--exec"]), 2, /--exec needs a command/, /--/);
  refused(await box.copse(["run", "-l"]), 2, /-l needs a value/);
  refused(await box.copse(["run", "x y", "--timeout", "soon"]), 2, /--timeout/);
  refused(await box.copse(["run", "x y", "--priority", "high"]), 2, /--priority: expected a whole number/);
  refused(await box.copse(["run", "x y", "--retries", "-1"]), 2, /--retries: expected a whole number from 0 up/);
  refused(await box.copse(["run", "x y", "--deliver", "mail"]), 2, /--deliver/, /Example/);
  refused(await box.copse(["run", "x y", "--no-worktree", "-w", "tree"]), 2, /exclude each other/);
  refused(await box.copse(["run", "x y", "--prompt-file", "p.md"]), 2, /given twice/);
  refused(await box.copse(["tasks", "--state", "done"]), 2, /--state: "done" is none of/);
  refused(await box.copse(["tasks", "docs"]), 2, /takes no words/, /copse show docs/);
  refused(await box.copse(["completion", "tcsh"]), 2, /no completion for tcsh/, /bash, zsh, fish/);
  refused(await box.copse(["attach", "x", "--then", "sleep"]), 2, /then/i);
});

inBox("a label that cannot be one is refused with 2", async (box) => {
  for (const label of ["", "  ", "a\u001b[31m", "a\nb", "x".repeat(101)])
    assert.is((await box.copse(["run", "-b", `--label=${label}`, ...writes])).code, 2, JSON.stringify(label));
  assert.is((await box.copse(["tasks"])).stdout, "");
});

inBox("a prompt that is no text is refused with 2, and nothing is written", async (box) => {
  standInForClaude(box);
  refused(await box.copse(["run", "-b", "-"], { input: new Uint8Array([0x66, 0xff, 0xfe]) }), 2, /not valid UTF-8/, /iconv/);
  refused(await box.copse(["run", "-b", "-"], { input: "a\0b" }), 2, /NUL/);
  refused(await box.copse(["run", "-b", "-"], { input: "" }), 2, /no prompt/);
  assert.equal((await box.json(["tasks"])).tasks, []);
  assert.is(runnerPid(box.state), undefined, "no runner was started for what was refused");
});

inBox("a configuration that cannot be read ends with 2 and names file and key", async (box) => {
  mkdirSync(join(box.repo, ".worktrees"));
  const file = join(box.repo, ".worktrees", "config.json");
  writeFileSync(file, '{"deliver":"mail"}');
  refused(await box.copse(["run", "-b", ...writes]), 2, /config\.json: expected `deliver` to be one of report, branch, pr, got "mail"/);
  writeFileSync(file, "{,}");
  refused(await box.copse(["run", "-b", ...writes]), 2, /config\.json is not JSON/);
});

inBox("a state folder that cannot be written ends with 73", async (box) => {
  writeFileSync(join(box.dir, "file"), "");
  refused(await box.copse(["run", "-b", ...writes], { env: { COPSE_STATE_DIR: join(box.dir, "file", "state") } }), 73, /file/);
});

inBox("--debug gives the stack, and only --debug", async (box) => {
  const ran = await box.copse(["show", "nothing", "--debug"]);
  assert.is(ran.code, 3);
  assert.match(ran.stderr, /^\s+at /m);
});

test.run();
