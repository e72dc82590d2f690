/** What a batch file makes: matrices multiplied out, variables filled in, tasks in an order in which each can be made, checked over made-up batches. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { matching } from "../../src/batch/glob.ts";
import { orderOf } from "../../src/batch/order.ts";
import { combinations, contentOf } from "../../src/batch/plan.ts";
import { forShell, render, unknownsIn } from "../../src/batch/template.ts";
import { runFlags } from "../../src/cli/flags.ts";
import { readBatch } from "../support/batch.ts";
import { root } from "../support/sandbox.ts";

const read = (text: string, found?: ReadonlyMap<string, readonly string[]>) => {
  const { tasks, error } = readBatch(text, found);
  if (error) throw error;
  return tasks;
};

test("every flag of run is a key of a task by its long name, but those that make no sense in a batch", () => {
  const { definitions } = JSON.parse(readFileSync(join(root, "schema", "batch.schema.json"), "utf8"));
  const apart = ["background", "worktree", "no-worktree", "json", "quiet", "help", "debug", "after"];
  const own = ["prompt", "needs", "matrix", "vars"];
  const flags = runFlags.map(({ name }) => name).filter((name) => !apart.includes(name));
  assert.equal(Object.keys(definitions.task.properties).sort(), [...flags, ...own].sort());
  const everyTask = ["prompt", "prompt-file", "exec", "label", "needs", "matrix"];
  for (const [name, property] of Object.entries(definitions.settings.properties))
    assert.equal(definitions.task.properties[name], property, name);
  assert.equal(
    Object.keys(definitions.task.properties).filter((name) => !everyTask.includes(name)),
    Object.keys(definitions.settings.properties),
  );
  for (const [name, property] of Object.entries<{ description?: string }>(definitions.task.properties))
    assert.ok(property.description, name);
});

test("defaults lie under tasks, the batch's delivery under both", () => {
  const [a, b] = read(`
deliver: branch
defaults: { agent: other, verify: [npm test], timeout: 45m, tag: [nightly], draft: true }
tasks:
  a: { prompt: A }
  b: { prompt: B, agent: claude, deliver: pr, verify: [], draft: false, priority: -2, max-cost: 2.5, then: Next }
`);
  assert.equal(a?.flags, { deliver: "branch", agent: "other", verify: ["npm test"], timeout: "45m", tag: ["nightly"], draft: true });
  assert.equal(b?.flags, {
    deliver: "pr",
    agent: "claude",
    verify: [],
    timeout: "45m",
    tag: ["nightly"],
    priority: "-2",
    "max-cost": "2.5",
    // biome-ignore lint/suspicious/noThenProperty: the flag's name
    then: ["Next"],
  });
});

test("a matrix makes a task for each combination, named by its values", () => {
  const tasks = read(
    `
tasks:
  docs:
    prompt: "Document {{dir}} in {{ lang }} for {{who}}; {{{{dir}} stays"
    vars: { who: all }
    verify: ["test -d {{dir}}"]
    matrix: { dir: { paths: "src/*/" }, lang: [en, 2] }
`,
    new Map([["/tasks/docs/matrix/dir", ["src/api/", "src/my files/"]]]),
  );
  assert.equal(
    tasks.map(({ key, label }) => [key, label]),
    [
      ["docs[src/api/, en]", "docs-src-api-en"],
      ["docs[src/api/, 2]", "docs-src-api-2"],
      ["docs[src/my files/, en]", "docs-src-my-files-en"],
      ["docs[src/my files/, 2]", "docs-src-my-files-2"],
    ],
  );
  assert.is(tasks[0]?.prompt, "Document src/api/ in en for all; {{dir}} stays");
  assert.equal(tasks[2]?.flags["verify"], ["test -d 'src/my files/'"]);
});

test("labels that come out alike are told apart, always in the same way", () => {
  const text = 'tasks:\n  a:\n    prompt: "{{x}}"\n    matrix: { x: ["b c", "b-c", "b/c"] }\n';
  const labels = read(text).map(({ label }) => label);
  assert.is(new Set(labels).size, 3);
  assert.is(labels[0], "a-b-c");
  assert.equal(
    labels,
    read(text).map(({ label }) => label),
  );
});

test("a need of a matrix waits for each of its tasks; the needed ones come first", () => {
  const tasks = read(
    'tasks:\n  last: { prompt: L, needs: [each, one], base: "@one" }\n  each: { prompt: "{{x}}", matrix: { x: [1, 2] }, needs: one }\n  one: { prompt: O }\n',
  );
  assert.equal(
    tasks.map(({ key, needs }) => [key, needs]),
    [
      ["one", []],
      ["each[1]", ["one"]],
      ["each[2]", ["one"]],
      ["last", ["each[1]", "each[2]", "one"]],
    ],
  );
  assert.is(tasks[3]?.baseKey, "one");
  assert.is(tasks[3]?.flags["base"], undefined);
});

test("combinations: as many as the product, no two alike, each of given values", () => {
  const axis = fc.uniqueArray(fc.string({ maxLength: 3 }), { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(axis, { maxLength: 4 }), (axes) => {
      const named = axes.map((values, i): [string, string[]] => [`v${i}`, values]);
      const made = combinations(named);
      assert.is(
        made.length,
        axes.reduce((product, values) => product * values.length, 1),
      );
      assert.is(new Set(made.map((one) => JSON.stringify(one))).size, made.length);
      for (const one of made) for (const [name, values] of named) assert.ok(values.includes(one[name] as string));
    }),
    { numRuns: 60 },
  );
});

/** A graph of up to ten names; an edge only to an earlier one unless `loops`. */
const graph = (loops: boolean) =>
  fc.array(fc.uniqueArray(fc.nat(9), { maxLength: 4 }), { minLength: 1, maxLength: 10 }).map((edges) => {
    const names = edges.map((_, i) => `t${i}`);
    return new Map(
      edges.map((to, i): [string, string[]] => [`t${i}`, to.filter((j) => (loops ? j < names.length : j < i)).map((j) => `t${j}`)]),
    );
  });

test("an order has every name once, behind all it needs; without one there is a cycle that is one", () => {
  fc.assert(
    fc.property(
      fc.boolean().chain((loops) => fc.tuple(fc.constant(loops), graph(loops))),
      ([loops, needs]) => {
        const found = orderOf(needs);
        if ("cycle" in found) {
          assert.ok(loops);
          assert.is(found.cycle[0], found.cycle.at(-1));
          for (const [i, name] of found.cycle.slice(0, -1).entries()) assert.ok(needs.get(name)?.includes(found.cycle[i + 1] as string));
          return;
        }
        assert.equal([...found.order].sort(), [...needs.keys()].sort());
        for (const [name, before] of needs) for (const one of before) assert.ok(found.order.indexOf(one) < found.order.indexOf(name));
      },
    ),
    { numRuns: 150 },
  );
  assert.equal(
    orderOf(
      new Map([
        ["b", []],
        ["a", []],
      ]),
    ),
    { order: ["b", "a"] },
    "the file's order where needs say nothing",
  );
});

test("what is asked makes the content; a label, a place in the file, an order of keys do not", () => {
  const content = (text: string) => contentOf(read(text)[0] as never);
  const one = content("tasks:\n  a: { prompt: A, model: x, timeout: 5m }\n");
  assert.is(content("name: n\nlimit: 3\ntasks:\n  a: { label: other, timeout: 5m, model: x, prompt: A }\n"), one);
  assert.is(content('{"tasks": {"a": {"prompt": "A", "model": "x", "timeout": "5m"}}}'), one);
  for (const other of ["prompt: B, model: x, timeout: 5m", "prompt: A, model: y, timeout: 5m", "prompt: A, model: x"])
    assert.is.not(content(`tasks:\n  a: { ${other} }\n`), one, other);
});

test("variables: filled in wherever they stand, and never more than once", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (before, value, after) => {
      fc.pre(!`${before}${after}`.includes("{") && !`${before}${after}`.includes("}"));
      assert.is(render(`${before}{{a}}${after}`, { a: value }), `${before}${value}${after}`);
    }),
  );
  assert.equal(unknownsIn("{{a}} {{ b }} {{{{c}}", { a: "" }), [{ typed: "{{ b }}", name: "b" }]);
  assert.equal(unknownsIn("{{toString}}", {}).length, 1);
});

test("a value in a check is one word to the shell, or is refused", () => {
  assert.is(forShell("src/a-b_c.ts", "eslint "), "src/a-b_c.ts");
  assert.is(forShell("a b; rm -rf *", "ls "), "'a b; rm -rf *'");
  assert.is(forShell("it's", "ls "), "'it'\\''s'");
  for (const command of ['ls ""', "ls ''", "ls \\", "ls ``", "cat <<E", "ls # "]) assert.is(forShell("a b", command), undefined, command);
  const { error } = readBatch('tasks:\n  a:\n    prompt: A\n    verify: ["ls \'{{x}}\'"]\n    matrix: { x: ["$(id)"] }\n');
  assert.match(error?.message ?? "", /^x\.yaml:4:14: a shell would take part/);
});

test("globs: files by default, folders with a slash, hidden ones only when asked for", () => {
  const files = ["a.ts", "src/b.ts", "src/api/c.ts", "src/api/v1/d.js", "src/ui/e.tsx", ".github/f.yml", "src/.hidden/g.ts"];
  const cases: Readonly<Record<string, readonly string[]>> = {
    "*.ts": ["a.ts"],
    "./*.ts": ["a.ts"],
    "src/*/": ["src/api/", "src/ui/"],
    "src/**/*.ts": ["src/api/c.ts", "src/b.ts"],
    "**/*.{js,tsx}": ["src/api/v1/d.js", "src/ui/e.tsx"],
    "src/**": ["src/api/c.ts", "src/api/v1/d.js", "src/b.ts", "src/ui/e.tsx"],
    "**/": ["src/", "src/api/", "src/api/v1/", "src/ui/"],
    ".github/*": [".github/f.yml"],
    "[a-b].ts": ["a.ts"],
    "[!a].ts": [],
    "?.ts": ["a.ts"],
    "a+(x": [],
  };
  for (const [pattern, wanted] of Object.entries(cases)) assert.equal(matching(pattern, files), wanted, pattern);
  fc.assert(
    fc.property(fc.string(), (pattern) => {
      matching(pattern, files);
    }),
  );
});

test.run();
