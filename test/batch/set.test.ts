/** What is left to whoever starts a batch: `--set`, values that must be given, and what is looked for with them in it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withBranches } from "../../src/batch/branches.ts";
import { type BatchFile, checkBatch } from "../../src/batch/check.ts";
import { readDocument } from "../../src/batch/document.ts";
import { matching } from "../../src/batch/glob.ts";
import { searchesOf } from "../../src/batch/plan.ts";
import { missingValues, withGiven } from "../../src/batch/set.ts";
import { readBatch } from "../support/batch.ts";
import { root } from "../support/sandbox.ts";

const text = `
defaults: { vars: { test: npm test, old: null } }
tasks:
  a: { prompt: "{{test}} {{old}} {{dir}}", matrix: { dir: { paths: ["src/*/", "*/"] } } }
  b: { prompt: "{{file}} {{old}}", vars: { old: x }, matrix: { file: { grep: "{{old}}[(]" } } }
`;
const given = (...pairs: [string, string[]][]) => withGiven(readDocument(text).document.data as BatchFile, new Map(pairs));
const set = (...pairs: [string, string[]][]): BatchFile => {
  const done = given(...pairs);
  if ("text" in done) throw new Error(done.text);
  return done.batch;
};

test("a variable gets its value wherever it stands; the values of a matrix take the place of what was looked for", () => {
  const batch = set(["old", ["y"]], ["dir", ["src/api", "lib/"]]);
  assert.equal([batch.defaults?.vars, batch.tasks["b"]?.vars], [{ test: "npm test", old: "y" }, { old: "y" }]);
  assert.equal(batch.tasks["a"]?.matrix, { dir: ["src/api/", "lib/"] }, "folders as they are found");
  assert.equal(batch.tasks["b"]?.matrix, { file: { grep: "{{old}}[(]" } });
  assert.equal(set(["dir", ["packages/*"]]).tasks["a"]?.matrix, { dir: { paths: "packages/*/" } }, "a pattern is looked for");
  assert.equal(set(["file", ["a*.ts"]]).tasks["b"]?.matrix, { file: ["a*.ts"] }, "where nothing looks for paths it is a value");
});

test("issues stay what they are looked for by: a task of a number that is set still knows what the issue says", () => {
  const batch = readDocument('tasks: { a: { prompt: "{{i.title}}", matrix: { i: { issues: "label:bug" } } } }').document.data as BatchFile;
  const set = (...values: string[]) => {
    const done = withGiven(batch, new Map([["i", values]]));
    return "batch" in done ? done.batch.tasks["a"]?.matrix : done;
  };
  assert.equal(set("12", "15"), { i: { issues: "12 15" } });
  assert.equal(set("label:bug", "milestone:v2"), { i: { issues: "label:bug milestone:v2" } });
});

test("a name that is none, and a value given twice, are said", () => {
  assert.equal(given(["tset", ["x"]]), { text: "--set tset: the batch has no variable of that name", hint: "Did you mean test?" });
  assert.equal(given(["zzz", ["x"]]), { text: "--set zzz: the batch has no variable of that name", hint: "It has test, old, dir, file." });
  assert.match((given(["test", ["x", "y"]]) as { text: string }).text, /--set test is given 2 times/);
});

test("what has no value yet is found where it stands; variables stand in what is looked for", () => {
  const { document } = readDocument(text);
  assert.equal(
    missingValues(document, (name) => `--set ${name}`),
    [{ at: { line: 2, column: 37 }, text: "`old` has no value yet", hint: "Give it one: --set old" }],
  );
  const { searches, problems } = searchesOf({ ...document, data: set(["old", ["y"]]) });
  assert.equal([searches.map(({ lookup }) => lookup), problems], [[{ paths: ["src/*/", "*/"] }, { grep: "y[(]" }], []]);
  const { error } = readBatch('tasks:\n  a: { prompt: "{{f}}", matrix: { f: { lines: "{{nmae}}" } } }\n');
  assert.match(error?.message ?? "", /^x\.yaml:2:\d+: nothing gives `\{\{nmae\}\}` a value/);
});

test("branches are filled into what was asked, not into what a stranger wrote in an issue", () => {
  const issue = {
    number: 3,
    title: "x",
    body: "Read {{branches}}",
    url: "u",
    labels: [],
    assignees: [],
    milestone: null,
    state: "open",
  } as const;
  const at = "/tasks/b/matrix/i";
  const { tasks, error } = readBatch(
    'tasks:\n  a: { prompt: x }\n  b: { prompt: "See {{branches}}. {{i.body}}", needs: [a], matrix: { i: { issues: "3" } } }\n',
    new Map([[at, ["3"]]]),
    new Map([[at, [issue]]]),
  );
  assert.is(error, undefined);
  const prompt = withBranches(tasks[1] as never, ["copse/a"]).prompt;
  assert.match(prompt, /^See copse\/a\. /);
  assert.is(prompt.match(/copse\/a/g)?.length, 1, prompt);
});

test("branches of those it needs are filled in when they are known; whoever needs nobody has none", () => {
  const { tasks } = readBatch('tasks:\n  a: { prompt: x }\n  b: { prompt: "See {{branches}}.", needs: [a] }\n');
  assert.is(tasks[1]?.prompt, "See {{branches}}.");
  assert.is(withBranches(tasks[1] as never, ["copse/a", "copse/$&"]).prompt, "See copse/a copse/$&.");
  const several = readBatch(
    'tasks:\n  a: { prompt: x }\n  b: { exec: [echo, "{{branches}} {{{{branches}} {{v}}"], needs: [a], vars: { v: "{{branches}}" } }\n  c: { prompt: "{{{{branches}} {{ branches }} {{{{{{v}}", then: ["On {{branches}}, {{{{v}}"], needs: [a], vars: { v: "{{branches}}" } }\n  d: { prompt: "{{branches}}", needs: [a], vars: { branches: mine } }\n',
  );
  assert.is(several.error, undefined);
  const filled = several.tasks.map((task) => withBranches(task, ["copse/a"]));
  assert.equal(filled[1]?.exec, ["echo", "copse/a {{branches}} {{branches}}"], "what is escaped, and what a value says, is no variable");
  assert.is(filled[2]?.prompt, "{{branches}} copse/a {{{{branches}}");
  assert.equal(filled[2]?.flags["then"], ["On copse/a, {{v}}"]);
  assert.is(filled[3]?.prompt, "mine", "a variable of the file goes first");
  assert.match(
    readBatch('tasks:\n  a: { prompt: x }\n  b: { prompt: x, needs: [a], verify: ["test {{branches}}"] }\n').error?.message ?? "",
    /^x\.yaml:3:\d+: `\{\{branches\}\}` is known only when the tasks before have been made/,
  );
  assert.match(
    readBatch('tasks:\n  b: { prompt: "See {{branches}}." }\n').error?.message ?? "",
    /nothing gives `\{\{branches\}\}` a value/,
  );
});

test("./ is the top of a repository that has anything in it", () => {
  assert.equal([matching("./", ["a.txt", "src/b.ts"]), matching("./", [])], [["./"], []]);
});

test("each batch that comes with Copse is one, is named as its file, and says in a line what it is for", () => {
  const folder = join(root, "templates", "batches");
  const names = readdirSync(folder).map((file) => {
    const { document, problems } = readDocument(readFileSync(join(folder, file), "utf8"));
    assert.equal([problems, checkBatch(document)], [[], []], file);
    const { name, description = "" } = document.data as BatchFile;
    assert.is(`${name}.yaml`, file);
    assert.match(description, /^[A-Z].{20,100}\.$/);
    return name;
  });
  const readme = readFileSync(join(root, "README.md"), "utf8");
  for (const name of names) assert.match(readme, new RegExp(`^\\| \`${name}\` +\\|`, "m"), "README has it");
});

test.run();
