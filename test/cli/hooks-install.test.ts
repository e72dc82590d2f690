/** `copse hooks install` and `uninstall` on settings files as people have them: plain, linked, shared, read-only, tracked by git. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { anySession, tokenFor } from "../../src/hooks/access.ts";
import { changeSettings } from "../../src/hooks/settings-change.ts";
import type { Sandbox } from "../support/sandbox.ts";
import { inBox, refused } from "./support.ts";

const own =
  '{\n    "model": "opus",\n    "hooks": {\n        "Stop": [{"hooks": [{"type": "command", "command": "~/bin/ding"}]}]\n    }\n}';

const hooks = (box: Sandbox, words: string, options: { cwd?: string; env?: Record<string, string> } = {}) =>
  box.copse(["hooks", ...words.split(" ")], options);

/** A state folder whose runner receives hooks at this port. */
function atPort(state: string, port: number): { env: { COPSE_STATE_DIR: string } } {
  put(join(state, "hooks", "access"), JSON.stringify({ port, secret: "ab".repeat(32) }));
  return { env: { COPSE_STATE_DIR: state } };
}

/** The person's settings in this sandbox. */
const settingsOf = (box: Sandbox) => join(box.dir, "home", ".claude", "settings.json");

function put(file: string, text: string | Uint8Array, mode = 0o600): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
}

const textOf = (file: string) => readFileSync(file, "utf8");
const modeOf = (file: string) => statSync(file).mode & 0o777;

inBox("installed beside what is there, known to doctor, brought up to date, out again to the byte", async (box) => {
  const file = settingsOf(box);
  put(file, own, 0o640);
  atPort(box.state, 4711);
  const first = await hooks(box, "install");
  assert.equal([first.code, first.stderr], [0, ""]);
  assert.match(first.stdout, /settings\.json, for 30 events.*\n {2}Others .*mode 640.*chmod 600 /);
  const all = JSON.parse(textOf(file));
  assert.equal([all.model, all.hooks.Stop[0]], ["opus", JSON.parse(own).hooks.Stop[0]]);
  assert.equal(all.hooks.Stop[1].hooks[0].headers, {
    Authorization: `Bearer ${tokenFor({ port: 4711, secret: "ab".repeat(32) }, anySession)}`,
  });
  assert.is(all.hooks.SessionStart[0].hooks[0].type, "command", "Claude Code sends that one to commands only");
  assert.is(all.hooks.WorktreeCreate, undefined, "its hook would have to make the worktree");
  assert.is(modeOf(file), 0o640);
  const [written, before] = [textOf(file), statSync(file)];
  assert.match((await hooks(box, "install --user")).stdout, /already; nothing was changed/);
  assert.equal([statSync(file).ino, statSync(file).mtimeMs], [before.ino, before.mtimeMs], "not even written");
  const doctor = await box.json(["doctor"]);
  assert.is(doctor.checks.find((one: { name: string }) => one.name === "hooks").text, `installed in ${file}`);
  atPort(box.state, 80);
  const stale = (await box.json(["doctor"])).checks.find((one: { name: string }) => one.name === "hooks");
  assert.equal([stale.status, stale.fix], ["warn", "Bring them up to date: copse hooks install"]);
  const updated = await hooks(box, "install --json");
  assert.equal(JSON.parse(updated.stdout).settings, { scope: "user", file, change: "updated" });
  assert.is(textOf(file), written.replaceAll(":4711/", ":80/"));
  assert.match((await hooks(box, "uninstall")).stdout, /all else in it is as it was/);
  assert.equal([textOf(file), modeOf(file)], [own, 0o640]);
  assert.equal(JSON.parse((await hooks(box, "uninstall --json")).stdout), { settings: { scope: "user", file, change: "none" }, notes: [] });
  assert.equal(readdirSync(dirname(file)), ["settings.json"], "nothing is left beside it");
});

inBox("a file that was not there is made for its owner alone, and goes again; CLAUDE_CONFIG_DIR is heeded", async (box) => {
  const file = join(box.dir, "elsewhere", "settings.json");
  const config = { env: { CLAUDE_CONFIG_DIR: dirname(file) } };
  const made = await hooks(box, "install --json", config);
  assert.equal(JSON.parse(made.stdout), { settings: { scope: "user", file, change: "installed" }, notes: [] });
  assert.equal([modeOf(file), Object.keys(JSON.parse(textOf(file)))], [0o600, ["hooks"]]);
  assert.match((await hooks(box, "uninstall", config)).stdout, /it is removed/);
  assert.not.ok(existsSync(file));
  assert.is((await hooks(box, "uninstall", config)).code, 0);
  assert.match(JSON.parse((await hooks(box, "install --print")).stdout).hooks.Stop[0].hooks[0].url, /^http:..127.0.0.1:\d+.copse.hooks$/);
  assert.not.ok(existsSync(settingsOf(box)), "printing writes nothing");
  refused(await hooks(box, "install --user --project"), 2, /mutually exclusive/);
  put(file, '{"disableAllHooks": true}');
  assert.match((await hooks(box, "install", config)).stdout, /disableAllHooks/);
});

inBox("written through links; a file that git would commit is refused, or said", async (box) => {
  const [file, dotfiles] = [settingsOf(box), join(box.dir, "dotfiles")];
  const target = join(dotfiles, "claude.json");
  mkdirSync(dirname(file), { recursive: true });
  mkdirSync(dotfiles);
  symlinkSync("../../dotfiles/claude.json", file);
  assert.is((await hooks(box, "install")).code, 0, "where the link leads there is nothing yet");
  assert.ok(lstatSync(file).isSymbolicLink() && existsSync(target));
  await hooks(box, "uninstall");
  assert.ok(lstatSync(file).isSymbolicLink() && !existsSync(target));
  put(target, own);
  box.git(["init", "-q"], dotfiles);
  assert.match((await hooks(box, "install")).stdout, /\n {2}Git does not ignore it in \S+dotfiles: do not add it/);
  assert.ok(lstatSync(file).isSymbolicLink());
  assert.is((await hooks(box, "uninstall")).code, 0);
  assert.is(textOf(target), own);
  box.git(["add", "claude.json"], dotfiles);
  refused(await hooks(box, "install"), 4, /claude\.json is tracked by git, and a token/, /git rm --cached/);
  assert.is(textOf(target), own);
});

inBox("--project: the file that is not committed, of the main checkout, out of git's sight", async (box) => {
  const file = join(box.repo, ".claude", "settings.local.json");
  const shared = join(box.repo, ".claude", "settings.json");
  const tree = join(box.dir, "tree");
  box.git(["worktree", "add", "-q", tree, "-b", "t"]);
  const made = JSON.parse((await hooks(box, "install --project --json", { cwd: tree })).stdout);
  assert.equal(made, {
    settings: { scope: "project", file, change: "installed" },
    notes: ["Git ignores it from now on, by .git/info/exclude."],
  });
  assert.not.ok(existsSync(shared));
  assert.is(box.git(["status", "--porcelain"]), "");
  assert.equal(JSON.parse((await hooks(box, "install --project --json")).stdout).notes, []);
  assert.is((await hooks(box, "uninstall --project")).code, 0);
  assert.not.ok(existsSync(file));
  writeFileSync(join(box.repo, ".gitignore"), "!settings.local.json\n");
  refused(await hooks(box, "install --project"), 4, /git does not ignore/, /check-ignore/);
  unlinkSync(join(box.repo, ".gitignore"));
  put(file, "{}");
  box.git(["add", "-f", file]);
  refused(await hooks(box, "install --project"), 4, /is tracked by git/, /git rm --cached/);
  assert.is(textOf(file), "{}");
  refused(await hooks(box, "install --project", { cwd: box.dir }), 3, /not inside a git repository/);
});

inBox("what cannot be changed is left as it is, and said", async (box) => {
  const file = settingsOf(box);
  const unchanged = async (text: string | Uint8Array, words: string, code: number, message: RegExp, hint?: RegExp, mode?: number) => {
    put(file, text, mode);
    refused(await hooks(box, words), code, message, hint);
    assert.ok(readFileSync(file).equals(Buffer.from(text)));
    assert.equal(readdirSync(dirname(file)), ["settings.json"]);
    unlinkSync(file);
  };
  await unchanged(
    '{\n  // why\n  "a": 1\n}\n',
    "install",
    2,
    /settings\.json is left as it is: line 2, column 3: a comment/,
    /copse hooks install --user/,
  );
  await unchanged('{"a": 1,}', "uninstall", 2, /line 1, column 9/, /copse hooks uninstall/);
  await unchanged(own, "install", 73, /cannot be written: it is read-only/, /--print/, 0o444);
  await unchanged(Buffer.from([0x7b, 0xff, 0x7d]), "install", 73, /not valid UTF-8/);
  put(file, '{"a": 1,}');
  const doctor = await box.json(["doctor"]);
  assert.match(doctor.checks.find((one: { name: string }) => one.name === "hooks").text, /settings\.json: line 1, column 9/);
  unlinkSync(file);
  symlinkSync("settings.json", file);
  refused(await hooks(box, "install"), 73, /links go in a circle/);
  unlinkSync(file);
  mkdirSync(file);
  refused(await hooks(box, "install"), 73, /it is no file/);
});

inBox("several at once leave one set, and what somebody else writes meanwhile is not lost", async (box) => {
  const file = settingsOf(box);
  put(file, own);
  const ran = await Promise.all(
    Array.from({ length: 4 }, (_, n) => hooks(box, "install --json", atPort(join(box.dir, `state${n}`), 80 + n))),
  );
  assert.equal(
    ran.map(({ code }) => code),
    [0, 0, 0, 0],
  );
  assert.is(JSON.parse(textOf(file)).hooks.Stop.length, 2);
  assert.is((await hooks(box, "uninstall")).code, 0);
  assert.is(textOf(file), own);
  let seen = 0;
  const done = await changeSettings(box.state, file, (text) => {
    if (seen++ === 0) writeFileSync(file, "{}");
    return `${text}\n`;
  });
  assert.equal([done, textOf(file), seen], [{ before: "{}", after: "{}\n" }, "{}\n", 2]);
  const busy = changeSettings(box.state, file, (text) => {
    writeFileSync(file, `${text}!`);
    return "lost";
  });
  assert.match(String(await busy.catch((error) => error.code)), /BUSY/);
  assert.is(textOf(file), "{}\n!!!!!");
  assert.equal(readdirSync(dirname(file)), ["settings.json"]);
});

test.run();
