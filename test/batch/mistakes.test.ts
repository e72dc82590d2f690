/** Mistakes in a batch file: each is found at its line and column, says what was expected, and what was probably meant. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readBatch } from "../support/batch.ts";

const task = "tasks:\n  docs:\n    prompt: Write\n";

/** A name, the file, where the mistake is, what is said of it, and the hint. */
const mistakes: readonly (readonly [string, string, string, RegExp, RegExp?])[] = [
  ["an empty file", "", "1:1", /the file is empty/, /tasks/],
  ["only a comment", "# to do\n", "1:1", /the file is empty/],
  ["not YAML: a bracket left open", "tasks: [a, b\n", "2:1", /it cannot be read from here/],
  ["a tab as indentation", "tasks:\n\tdocs: 1\n", "2:1", /a tab indents/, /spaces/],
  ["an indentation that fits nowhere", "tasks:\n  docs:\n    prompt: a\n   agent: b\n", "4:1", /cannot be read from here/],
  ["a key that comes twice", `${task}    prompt: Again\n`, "4:5", /twice/, /Leave one/],
  ["a second document", `${task}---\n${task}`, "4:1", /second document/, /one batch/i],
  ["braces without quotes", "tasks:\n  docs:\n    prompt: {{dir}} is it\n", "3:21", /cannot be read/, /stands in quotes/],
  ["braces alone without quotes", "tasks:\n  docs:\n    prompt: {{dir}}\n", "3:14", /a key must be a word/, /stands in quotes/],
  ["an alias to nothing", "tasks:\n  docs: *nobody\n", "2:9", /nobody/],
  ["a text instead of a file", "audit\n", "1:1", /expected the file to be a table of keys, got "audit"/],
  ["no tasks", "name: x\n", "1:1", /has no `tasks`/],
  ["no task among the tasks", "tasks: {}\n", "1:8", /expected `tasks` to have something in it/],
  ["tasks as a list", "tasks:\n  - prompt: Write\n", "2:3", /expected `tasks` to be a table of keys, got a list/],
  ["an unknown key of the file", `limits: 2\n${task}`, "1:1", /unknown key `limits` in the file/, /Did you mean `limit`\?/],
  [
    "an unknown key of a task",
    "tasks:\n  docs:\n    promt: Write\n",
    "3:5",
    /unknown key `promt` in task `docs`/,
    /Did you mean `prompt`\?/,
  ],
  ["an unknown key far from any", `${task}    zzzzz: 1\n`, "4:5", /unknown key `zzzzz`/, /What there is: .*verify/],
  ["another tool's word for needs", `${task}    depends_on: x\n`, "4:5", /unknown key/, /Did you mean `needs`\?/],
  ["another tool's word for exec", "tasks:\n  docs:\n    run: make\n", "3:5", /unknown key `run`/, /`exec`, a list/],
  ["a flag that a batch has no use for", `${task}    worktree: x\n`, "4:5", /unknown key/, /own worktree/],
  ["needs among the defaults", `defaults: { needs: x }\n${task}`, "1:13", /unknown key `needs` in `defaults`/, /each task/],
  ["a number for a text", `${task}    model: 4\n`, "4:12", /expected `model` of task `docs` to be a text, got 4/, /in quotes: "4"/],
  ["a text for a number", `${task}    retries: two\n`, "4:14", /to be a whole number, got "two"/],
  ["a half for a whole number", `limit: 1.5\n${task}`, "1:8", /whole number, got 1.5/],
  ["a limit of nothing", `limit: 0\n${task}`, "1:8", /`limit` to be at least 1, got 0/],
  ["a budget of nothing", `budget: 0\n${task}`, "1:9", /more than 0/],
  ["a delivery there is not", `deliver: push\n${task}`, "1:10", /one of report, branch, pr, one-pr, got "push"/],
  ["a delivery nearly right", `deliver: reprot\n${task}`, "1:10", /got "reprot"/, /Did you mean report\?/],
  ["one pull request for a task", `${task}    deliver: one-pr\n`, "4:14", /report, branch, pr, got "one-pr"/, /top of the file/],
  [
    "one pull request, and another delivery by default",
    `deliver: one-pr\ndefaults: { deliver: pr }\n${task}`,
    "2:13",
    /nothing to put together/,
    /Leave one/,
  ],
  ["one pull request of no task", `deliver: one-pr\n${task}    deliver: report\n`, "1:10", /nothing is left for one/, /Take `deliver` out/],
  ["checks of the whole without a whole", `verify: make\n${task}`, "1:1", /goes with `deliver: one-pr`/, /`defaults`/],
  ["a variable in a check of the whole", `deliver: one-pr\nverify: "make {{x}}"\n${task}`, "2:15", /`\{\{x\}\}`/],
  ["a policy there is not", `${task}    on-failure: stop\n`, "4:17", /one of skip, hold, run, got "stop"/],
  [
    "a base that need not end well",
    `${task}    base: "@a"\n    needs: a\n    on-failure: run\n  a: { prompt: A }\n`,
    "4:13",
    /has to end well/,
    /skip or hold/,
  ],
  ["a text for a yes or no", `${task}    draft: maybe\n`, "4:12", /to be true or false/],
  ["a command as a text", "tasks:\n  lint:\n    exec: npx eslint\n", "3:11", /`exec` of task `lint` to be a list, got "npx eslint"/],
  ["a command of nothing", "tasks:\n  lint:\n    exec: []\n", "3:11", /have something in it, got an empty list/],
  ["a prompt of blanks", 'tasks:\n  docs:\n    prompt: "  "\n', "3:13", /have words in it/],
  ["a prompt left out", "tasks:\n  docs:\n    prompt:\n", "3:12", /to be a text, got nothing/],
  ["a time without its unit", `${task}    timeout: "45"\n`, "4:14", /a time such as 45m/],
  ["nothing to do", "tasks:\n  docs:\n    agent: claude\n", "2:3", /task `docs` says nothing to do/, /`prompt`/],
  ["two things to do", `${task}    exec: [ls]\n`, "4:5", /both `prompt` and `exec`/],
  ["a task's name with a space", "tasks:\n  the docs:\n    prompt: Write\n", "2:3", /`the docs` cannot be the name of a task/],
  ["a need there is not", `${task}    needs: [auditt]\n  audit:\n    prompt: Look\n`, "4:13", /needs `auditt`/, /Did you mean audit\?/],
  ["a need of itself", `${task}    needs: docs\n`, "4:12", /wait for each other: docs → docs/],
  [
    "needs in a circle",
    "tasks:\n  a: { prompt: A, needs: [b] }\n  b: { prompt: B, needs: [c] }\n  c: { prompt: C, needs: [a] }\n",
    "2:27",
    /wait for each other: a → b → c → a/,
  ],
  ["a base nobody waits for", `${task}    base: "@audit"\n  audit: { prompt: Look }\n`, "4:13", /does not wait/, /Add needs: \[audit\]/],
  [
    "a base of many branches",
    `${task}    base: "@a"\n    needs: a\n  a: { prompt: "A {{x}}", matrix: { x: [1] } }\n`,
    "4:13",
    /a branch each/,
  ],
  [
    "a variable there is not",
    'tasks:\n  docs:\n    prompt: "In {{dri}}"\n    vars: { dir: a }\n',
    "3:17",
    /`\{\{dri\}\}`/,
    /\{\{dir\}\}\?/,
  ],
  ["a variable deep in a text", "tasks:\n  docs:\n    prompt: |\n      Write\n      for {{who}}\n", "5:11", /\{\{who\}\}/, /neither/],
  ["a variable in a check", `${task}    verify: ["npm test", "x {{y}}"]\n`, "4:29", /`\{\{y\}\}`/],
  ["a variable twice", `${task}    vars: { a: 1 }\n    matrix: { a: [1] }\n`, "4:13", /in `vars` and in `matrix`/],
  ["a matrix of nothing", `${task}    matrix: { a: [] }\n`, "4:18", /`matrix.a` of task `docs`/],
  ["a search there is not", `${task}    matrix: { a: { path: x } }\n`, "4:20", /unknown key `path`/, /Did you mean `paths`\?/],
  ["two searches in one", `${task}    matrix: { a: { paths: x, grep: y } }\n`, "4:18", /one of paths, grep, grep-folders, lines, issues/],
  ["a search of a wrong kind", `${task}    matrix: { a: { issues: [12] } }\n`, "4:28", /to be a text, got a list/],
  ["issues by an unknown word", `${task}    matrix: { a: { issues: "labl:x" } }\n`, "4:28", /no `labl:` here/, /Did you mean label:\?/],
  ["issues by nothing", `${task}    matrix: { a: { issues: bug } }\n`, "4:28", /says nothing about which issues/, /label:bug/],
  [
    "issues in a state there is not",
    `${task}    matrix: { a: { issues: "state:opn" } }\n`,
    "4:28",
    /one of open, closed, all/,
    /state:open\?/,
  ],
  ["issues by number and by label", `${task}    matrix: { a: { issues: "12 label:x" } }\n`, "4:28", /numbers name their issues/],
  [
    "a search that is no table",
    `${task}    matrix: { a: src }\n`,
    "4:18",
    /`matrix.a` of task `docs` to be a list or a table of keys, got "src"/,
  ],
  ["an axis of tables", `${task}    matrix: { a: [{ b: c }] }\n`, "4:19", /to be a text or a number or true or false, got a table/],
  ["a variable that is no word", `${task}    vars: { "a b": 1 }\n`, "4:13", /cannot be the name of a variable/, /Letters/],
  ["a variable of many values", `${task}    vars: { a: [1] }\n`, "4:16", /got a list/],
  ["a name that cannot be one", `name: a b\n${task}`, "1:7", /letters, digits, dots and dashes, got "a b"/],
  ["one label for many", `${task}    label: all\n    matrix: { a: [x, y] }\n`, "4:12", /same label all/, /\{\{a\}\}/],
  ["more tasks than can be meant", `${task}    matrix: { a: ${many(40)}, b: ${many(40)} }\n`, "2:3", /more than 1000 tasks/],
  ["group beside limit", `limit: 2\n${task}    group: g\n`, "5:5", /one group/],
  [
    "a comma too many in JSON is YAML's business, a colon left out is not",
    '{"tasks": {"docs" {"prompt": "a"}}}\n',
    "1:19",
    /cannot be read/,
  ],
  ["in JSON as in YAML", '{\n  "tasks": {\n    "docs": { "promt": "a" }\n  }\n}\n', "3:15", /unknown key `promt`/, /`prompt`/],
];

function many(n: number): string {
  return `[${Array.from({ length: n }, (_, i) => i).join(", ")}]`;
}

for (const [name, text, place, message, hint] of mistakes)
  test(`a mistake: ${name}`, () => {
    const error = readBatch(text).error;
    assert.is(error?.code, "BAD_BATCH");
    assert.is(/^x\.yaml:(\d+:\d+): /.exec(error?.message ?? "")?.[1], place, error?.message);
    assert.match(error?.message ?? "", message);
    if (hint) assert.match(error?.hint ?? "", hint);
  });

test("several mistakes: the first in full, the others with their places", () => {
  const { error } = readBatch("limits: 1\ntasks:\n  docs:\n    promt: a\n    retries: x\n");
  assert.match(error?.message ?? "", /^x\.yaml:1:1: unknown key `limits`/);
  assert.match(error?.hint ?? "", /Also 4:5: unknown key `promt` in task `docs`; 5:14: expected `retries`/);
});

test("aliases that would make much of little are refused, shared parts are not", () => {
  const rows = Array.from({ length: 12 }, (_, i) => `  v${i + 1}: &v${i + 1} [${Array(9).fill(`*v${i}`).join(", ")}]`).join("\n");
  assert.match(readBatch(`x:\n  v0: &v0 [1, 1]\n${rows}\n${task}`).error?.message ?? "", /aliases make more of it/);
  assert.is(readBatch(`defaults:\n  verify: &checks [npm test]\n${task}    verify: *checks\n`).error, undefined);
});

test.run();
