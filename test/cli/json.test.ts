/** `--json`: standard output is one JSON document and nothing else, for answers and for errors; streams are one object a line. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Ran } from "../support/sandbox.ts";
import { asks, inBox, projectConfig, writes } from "./support.ts";

function document(ran: Ran): any {
  assert.match(ran.stdout, /^\{.*\}\n$/, `one line of JSON, got ${JSON.stringify(ran.stdout)}\n${ran.stderr}`);
  return JSON.parse(ran.stdout);
}

inBox("run, tasks, show, wait, stop and retry answer with tasks as the contract names their fields", async (box) => {
  const made = document(await box.copse(["run", "-b", "--json", "-l", "one", "--tag", "t", "--group", "g", "--priority", "3", ...writes]));
  assert.equal(Object.keys(made), ["task"]);
  const waited = document(await box.copse(["wait", "one", "--json"]));
  assert.is(waited.task.state, "completed");
  const { tasks } = document(await box.copse(["tasks", "--json"]));
  assert.is(tasks.length, 1);
  const [task] = tasks;
  const promised = [
    "id",
    "label",
    "state",
    "since",
    "repo",
    "branch",
    "base",
    "worktree",
    "worktreeState",
    "agent",
    "sessionId",
    "pid",
    "attempt",
  ]
    .concat([
      "priority",
      "group",
      "tags",
      "createdAt",
      "startedAt",
      "endedAt",
      "activity",
      "filesChanged",
      "toolCalls",
      "needs",
      "waitingFor",
    ])
    .concat(["verify", "result", "failure", "cost"]);
  for (const field of promised) assert.ok(field in task, `unknown is null, never left out: ${field}`);
  assert.is(task.id, made.task.id);
  assert.is(task.repo, box.repo);
  assert.is(task.branch, "copse/one");
  assert.is(task.priority, 3);
  assert.is(task.group, "g");
  assert.equal(task.tags, ["t"]);
  assert.match(task.base, /^[0-9a-f]{40}$/);
  assert.match(task.endedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.equal(Object.keys(task.cost), ["usd", "inputTokens", "outputTokens", "turns"]);
  assert.equal(Object.keys(task.result).sort(), ["commits", "diff", "issues", "outcome", "pr", "report", "summary"]);
  const shown = document(await box.copse(["show", "one", "--json"]));
  assert.equal(shown.task, task);
  assert.is(shown.events[0].type, "added");
  assert.equal(
    shown.events.map(({ seq }: { seq: number }) => seq),
    shown.events.map((_: unknown, i: number) => i + 1),
  );
  const again = document(await box.copse(["retry", "one", "--json"]));
  assert.is(again.tasks[0].state, "queued");
});

inBox("a task in the foreground prints its end only", async (box) => {
  const ran = await box.copse(["run", "--json", "-l", "front", ...writes]);
  assert.is(ran.code, 0);
  assert.is(document(ran).task.state, "completed");
  const blocked = await box.copse(["run", "--json", "-l", "asks", ...asks]);
  assert.is(blocked.code, 5);
  const { needs } = document(blocked).task;
  assert.is(needs.kind, "question");
  assert.is(needs.text, "Which db?");
  assert.equal(needs.options, ["Postgres", "SQLite"]);
  assert.is(document(await box.copse(["stop", "asks", "--json"])).tasks[0].state, "stopped");
});

inBox("logs are one object a line", async (box) => {
  await box.copse([
    "run",
    "-l",
    "log",
    "--exec",
    "--",
    "sh",
    "-c",
    'echo plain; echo \'{"copse":"activity","text":"a\\u001b[31mb"}\'; echo err >&2',
  ]);
  const ran = await box.copse(["logs", "log", "--json"]);
  const lines = ran.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(lines.every((line) => line.run === 1 && typeof line.type === "string"));
  assert.ok(lines.some((line) => line.type === "stderr" && line.text === "err"));
  assert.not.match(ran.stdout, /\u001b/);
});

inBox("config, init, doctor and runner answer in JSON", async (box) => {
  const config = document(await box.copse(["config", "--json"]));
  assert.is(config.config.limit, 3);
  assert.is(config.origin.limit, "default");
  assert.equal(document(await box.copse(["config", "get", "limit", "--json"])), { limit: 3 });
  assert.equal(document(await box.copse(["init", "--json"])).made, [".worktrees/config.json", ".worktrees/.gitignore"]);
  const { checks } = document(await box.copse(["doctor", "--json"]));
  for (const check of checks) {
    assert.ok(["ok", "warn", "fail"].includes(check.status));
    assert.is(check.fix === null, check.status === "ok", `${check.name}: what is not well says what to do`);
  }
  assert.equal(document(await box.copse(["runner", "status", "--json"])), { runner: null, stoppedAt: null, sessions: 0 });
  assert.equal(document(await box.copse(["runner", "stop", "--json"])), { runner: null, sessions: 0 });
  assert.equal(document(await box.copse(["wait", "--json"])), { tasks: [] });
});

inBox("errors are one JSON document too, wherever --json stands", async (box) => {
  const outside = join(box.dir, "home");
  const wrong: [string[], string, number, string?][] = [
    [["show", "nothing", "--json"], "TASK_NOT_FOUND", 3],
    [["--json", "run"], "USAGE", 2],
    [["run", "--json", "--lable", "x", "y z"], "USAGE", 2],
    [["tasks", "--json", "--state", "x"], "USAGE", 2],
    [["show", "--json"], "USAGE", 2],
    [["show", "x", "--json", "--nonsense"], "USAGE", 2],
    [["runner", "--json"], "USAGE", 2],
    [["config", "get", "limt", "--json"], "USAGE", 2],
    [["run", "--agent", "codex", "x", "--json"], "NOT_YET", 2],
    [["tasks", "--json"], "NO_REPOSITORY", 3, outside],
    [["wait", "nothing", "--json"], "TASK_NOT_FOUND", 3],
    [["stop", "nothing", "--json"], "TASK_NOT_FOUND", 3],
  ];
  for (const [words, code, exit, cwd] of wrong) {
    const ran = await box.copse(words, cwd === undefined ? {} : { cwd });
    assert.is(ran.code, exit, words.join(" "));
    const { error } = document(ran);
    assert.is(error.code, code, words.join(" "));
    assert.equal(Object.keys(error), ["code", "message", "hint"]);
    assert.type(error.message, "string");
  }
});

inBox("warnings do not reach standard output", async (box) => {
  projectConfig(box, { limit: 9, delivr: "report" });
  const ran = await box.copse(["run", "-b", "--json", "-l", "warned", ...writes]);
  assert.is(document(ran).task.label, "warned");
  assert.match(ran.stderr, /`limit` is the person's to set/);
  assert.match(ran.stderr, /unknown setting `delivr` is ignored; did you mean `deliver`\?/);
});

inBox("what belongs to the command behind -- is not ours", async (box) => {
  const ran = await box.copse(["run", "-l", "own", "--exec", "--", "sh", "-c", 'echo "$1" > arg.txt', "sh", "--json"]);
  assert.is(ran.code, 0);
  assert.not.match(ran.stdout, /^\{/);
  assert.is(box.git(["show", "copse/own:arg.txt"]), "--json\n");
});

test.run();
