/**
 * `npm run pictures`: the recordings in the README, docs/tasks.svg and docs/watch.svg. A real terminal (tmux), the real command line, runner, queue and worktrees; only the agents are small scripts that say what an
 * agent would. What stands on the screen is captured after each step, with its colours, and becomes one picture that plays by itself; no part of it is typed by hand.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt, root } from "./lib/ready.mjs";
import { framesToSvg } from "./lib/terminal-svg.mjs";

const [columns, rows] = [100, 24];
await ensureBuilt();
const box = realpathSync(mkdtempSync(join(tmpdir(), "copse-pictures-")));
const repo = join(box, "shop");
const env = { PATH: `${join(box, "bin")}:${process.env.PATH}`, HOME: box, LANG: "C.UTF-8", TERM: "xterm-256color", COPSE_MIN_FREE_MB: "0" };
const run = (file, args, cwd = repo) => execFileSync(file, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const tmux = (...args) => run("tmux", ["-S", join(box, "tmux"), "-f", "/dev/null", ...args], box);
const copse = (...args) => run("copse", args);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const screen = () => tmux("capture-pane", "-p");

const agent = `case "$COPSE_LABEL" in
auth-migration) echo '{"copse":"activity","text":"85 files processed"}'; sleep 600;;
security-audit) echo '{"copse":"activity","text":"scanning src/api/"}'; sleep 600;;
dep-update) echo updated > deps.txt;;
fix-flaky) echo '{"copse":"activity","text":"running the cart tests, 12th time"}'; sleep 600;;
docs) sleep 600;;
release-notes) [ -n "$COPSE_ANSWER" ] || { echo '{"copse":"question","text":"Which version is this for?","options":["2.4.0","3.0.0"]}'; exit 5; }; echo "{\\"copse\\":\\"activity\\",\\"text\\":\\"writing the notes of $COPSE_ANSWER\\"}"; sleep 600;;
schema-migration) [ -n "$COPSE_ANSWER" ] || { echo '{"copse":"question","text":"Which column keeps the old id?","options":["legacy_id","id"]}'; exit 5; }; sleep 600;;
esac`;

try {
  make();
  for (const [name, title, recorded] of [
    ["tasks.svg", "copse: tasks started, listed, one answered", record],
    ["watch.svg", "copse watch: all tasks live, a question answered by a key, a difference read", recordWatch],
  ]) {
    const frames = await recorded();
    writeFileSync(join(root, "docs", name), framesToSvg(frames, { columns, rows, title }));
    process.stdout.write(`docs/${name}: ${frames.length} frames\n`);
  }
} finally {
  try {
    tmux("kill-server");
  } catch {}
  for (const label of ["auth-migration", "security-audit", "fix-flaky", "schema-migration", "docs", "release-notes"])
    try {
      copse("stop", label);
    } catch {}
  copse("runner", "stop");
  rmSync(box, { recursive: true, force: true });
}

function make() {
  mkdirSync(join(box, "bin"));
  mkdirSync(repo);
  mkdirSync(join(box, ".config", "copse"), { recursive: true });
  writeFileSync(join(box, "bin", "copse"), `#!/bin/sh\nexec '${process.execPath}' '${join(root, "dist", "copse.cjs")}' "$@"\n`);
  writeFileSync(join(box, "bin", "agent"), `#!/bin/sh\ncat > /dev/null\n${agent}\n`);
  for (const name of ["copse", "agent"]) chmodSync(join(box, "bin", name), 0o755);
  writeFileSync(
    join(box, ".config", "copse", "config.json"),
    JSON.stringify({ agents: { claude: { command: ["agent"] } }, notify: { when: "off" } }),
  );
  writeFileSync(join(box, ".gitconfig"), "[user]\n\tname = You\n\temail = you@example.com\n[init]\n\tdefaultBranch = main\n");
  run("git", ["init", "-q"]);
  run("git", ["commit", "-q", "--allow-empty", "-m", "start"]);
}

/** @returns what stood on the screen, with how long it is to be looked at */
async function record() {
  const frames = [];
  const keep = (ms) => frames.push({ text: tmux("capture-pane", "-e", "-p"), ms });
  /** Types a line as a person does, and waits until the prompt is back. */
  const say = async (line, lookMs) => {
    for (const word of line.match(/\S+\s*/g)) {
      tmux("send-keys", "-l", "--", word);
      await sleep(60);
      keep(140);
    }
    tmux("send-keys", "Enter");
    for (let n = 0; n < 200 && !/\$ $/.test(`${screen().trimEnd()} `); n++) await sleep(50);
    await sleep(200);
    keep(lookMs);
  };
  tmux("new-session", "-d", "-x", String(columns), "-y", String(rows), "-c", repo, "bash --norc --noprofile");
  tmux("send-keys", "PS1='$ '; unset PROMPT_COMMAND; clear", "Enter");
  await sleep(500);
  keep(600);
  await say('copse -w -b -l schema-migration "Move the users to the new ids"', 1500);
  for (const [label, prompt] of [
    ["auth-migration", "Move the login to the new tokens"],
    ["dep-update", "Bring the dependencies up to date"],
  ])
    copse("run", "-b", "-l", label, prompt, "--verify", "true");
  await say('copse -w -b -l security-audit "Scan the codebase for missing authentication checks"', 1500);
  await sleep(2500);
  copse("run", "-b", "-l", "fix-flaky", "Find out why the cart test fails now and then");
  copse("run", "-b", "-l", "docs", "Write the API docs");
  await sleep(2000);
  await say("copse tasks", 4000);
  await say('copse answer schema-migration "legacy_id"', 1500);
  await sleep(1500);
  await say("copse tasks", 5000);
  return frames;
}

/** The same tasks and one more, in the live view; a key at a time. */
async function recordWatch() {
  const frames = [];
  const keep = (ms) => frames.push({ text: tmux("capture-pane", "-e", "-p"), ms });
  /** Presses a key, waits until the words stand there, and looks. */
  const press = async (key, words, lookMs) => {
    tmux("send-keys", ...(key.length > 1 && !/^[A-Z]/.test(key) ? ["-l", key] : [key]));
    for (let n = 0; n < 400 && !screen().includes(words); n++) await sleep(50);
    if (!screen().includes(words)) throw new Error(`"${words}" never stood on the screen:\n${screen()}`);
    await sleep(200);
    keep(lookMs);
  };
  copse("run", "-b", "-l", "release-notes", "--priority", "1", "Write the release notes");
  copse("stop", "fix-flaky", "security-audit");
  tmux("send-keys", "clear", "Enter");
  await sleep(1500);
  tmux("send-keys", "-l", "copse watch");
  keep(900);
  await press("Enter", "Needs you (1)", 4000);
  await press("a", "copse send release-notes 2", 3500);
  await press("2", "is answered and goes on", 3000);
  await press("G", "> ✓ dep-update", 1500);
  await press("d", "+updated", 3500);
  await press("q", "Done lately", 1500);
  await press("?", "suspend the view", 4000);
  await press("q", "Done lately", 3000);
  return frames;
}
