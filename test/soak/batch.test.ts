/** `copse batch`: all of a file's tasks or none, again only what is new or has failed, from lines as from a file. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox, personConfig, refused, standInForClaude } from "../cli/support.ts";
import { builtCli, type Sandbox, waitFor } from "../support/sandbox.ts";

function file(box: Sandbox, name: string, text: string): string {
  const path = join(box.repo, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return name;
}

const tracked = { "a.txt": "a\n", "src/api/a.ts": "one\n", "src/my ui/b.ts": "two\n", "src/c.ts": "three\n" };

const several = `
name: nightly
limit: 2
defaults: { verify: ["test -e a.txt"], tag: night }
tasks:
  lint: { exec: [sh, -c, "echo made > made.txt"] }
  bad: { exec: [sh, -c, "test -e \\"$HOME/mended\\""] }
  docs:
    exec: [sh, -c, 'echo "$1" > where.txt', sh, "{{dir}}"]
    verify: ["test -d {{dir}}"]
    matrix: { dir: { paths: "src/*/" } }
`;

inBox(
  "a file: shown, started, seen to its end; again only what is new, changed or has failed",
  async (box) => {
    const name = file(box, "b.yaml", several);
    const dry = await box.copse(["batch", name, "--dry-run"]);
    assert.is(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /^nightly: 4 tasks, at most 2 at once; nothing is started\n {2}start {2}lint +new · sh -c/);
    assert.equal((await box.json(["tasks", "--all"])).tasks, []);

    const ran = await box.copse(["batch", name]);
    assert.is(ran.code, 1, "one failed, as with wait");
    assert.match(ran.stderr, /nightly: 4 tasks: 4 started/);
    assert.match(ran.stdout, /bad +failed/);
    const tasks = (await box.json(["tasks", "--batch", "nightly"])).tasks;
    assert.equal(tasks.map(({ label, state, batchKey }: any) => [label, state, batchKey]).sort(), [
      ["bad", "failed", "bad"],
      ["docs-src-api", "completed", "docs[src/api/]"],
      ["docs-src-my-ui", "completed", "docs[src/my ui/]"],
      ["lint", "completed", "lint"],
    ]);
    for (const task of tasks) {
      assert.is(task.batch, "nightly");
      assert.is(task.group, "nightly");
      assert.equal(task.tags, ["night"]);
    }
    assert.is((await box.task("docs-src-my-ui")).verify.status, "verified");
    assert.is(box.git(["show", "copse/docs-src-my-ui:where.txt"]).trim(), "src/my ui/");

    writeFileSync(join(box.dir, "home", "mended"), "");
    file(box, name, several.replace("echo made", "echo other").replace("tasks:", 'tasks:\n  more: { exec: ["true"] }'));
    const failed = await box.json(["batch", name, "--failed", "--dry-run"]);
    assert.equal(
      failed.batch.tasks.map(({ key, action, why }: any) => `${key}: ${action}, ${why}`),
      [
        "more: keep, new; left out",
        "lint: keep, changed; left out",
        "bad: retry, failed before",
        "docs[src/api/]: keep, completed already",
        "docs[src/my ui/]: keep, completed already",
      ],
    );
    const again = await box.copse(["batch", name]);
    assert.is(again.code, 0, again.stdout + again.stderr);
    assert.match(again.stderr, /5 tasks: 2 started, 1 tried again, 2 left as they are/);
    assert.is((await box.task("bad")).attempt, 2);
    assert.is(box.git(["show", "copse/lint-2:made.txt"]).trim(), "other", "a label that is taken gets a number");
    const third = await box.copse(["batch", name, "--json"]);
    assert.is(third.stdout, '{"tasks":[]}\n', "nothing is left to do");

    const { stdout: page } = await box.copse(["report", "--batch", "nightly"]);
    assert.match(page, /^# Report: batch nightly\n\n5 tasks: 5 completed\./);
    assert.match(page, /Took \d+ s for \d+ s of work, [\d.]+ at once on average\. Took longest: `/);
    const report = await box.json(["report", "--batch", "nightly"]);
    assert.is(report.criticalPath.tasks.length, 1);
    refused(await box.copse(["report", "--batch", "nightli"]), 3, /no task here was made by a batch/, /Did you mean nightly\?/);
  },
  tracked,
);

inBox(
  "needs: what others wait for goes first, a base is another's branch, what fails skips the rest, and a second start mends it",
  async (box) => {
    const step = (script: string) => `exec: [sh, -c, "${script}"]`;
    file(
      box,
      "chain.yaml",
      `tasks:
  last: { needs: [middle, other], ${step("test -f first.txt && echo last > last.txt")}, base: "@middle" }
  middle: { needs: first, base: "@first", ${step("test -f first.txt && test -e $HOME/mended && echo middle > middle.txt")} }
  other: { ${step("echo other > other.txt")} }
  first: { ${step("sleep 0.3; echo first > first.txt")} }
`,
    );
    const first = await box.copse(["batch", "chain.yaml"]);
    assert.is(first.code, 6, first.stdout + first.stderr);
    const states = async () =>
      Object.fromEntries((await box.json(["tasks", "--all"])).tasks.map((task: any) => [task.batchKey, task.state]));
    assert.equal(await states(), { last: "stopped", middle: "failed", other: "completed", first: "completed" });
    file(box, join("..", "home", "mended"), "");
    const second = await box.copse(["batch", "chain.yaml"]);
    assert.is(second.code, 0, second.stdout + second.stderr);
    assert.equal(await states(), { last: "completed", middle: "completed", other: "completed", first: "completed" });
    const { task } = await box.json(["show", "last"]);
    assert.equal(
      box
        .git(["ls-tree", "--name-only", task.branch])
        .split("\n")
        .filter((name) => name.endsWith(".txt") && name !== "a.txt"),
      [...["first.txt", "last.txt", "middle.txt"]],
    );
    assert.equal(task.after.map((one: any) => one.label).sort(), ["middle", "other"]);
  },
);

inBox("all or none: what refuses one task refuses the batch, with its place, and nothing is made", async (box) => {
  personConfig(box, { agents: { small: { command: ["true"] } } });
  const good = 'tasks:\n  one: { exec: ["true"] }\n  two:\n    ';
  const cases: readonly (readonly [string, number, RegExp, RegExp?])[] = [
    ["prompt: Do\n    agent: smal\n", 3, /^copse: b\.yaml:5:12: task `two`: no agent is named "smal"/, /Did you mean small\?/],
    ['exec: ["no-such-program"]\n', 3, /^copse: b\.yaml:4:11: task `two`: the program "no-such-program" is not on your PATH/],
    ['exec: ["true"]\n    base: nowhere\n', 3, /^copse: b\.yaml:5:11: task `two`: .*nowhere/],
    ['exec: ["true"]\n    timeout: 5 moons\n', 2, /^copse: b\.yaml:5:14: task `two`: --timeout/],
    ['exec: ["true"]\n    label: taken\n', 4, /^copse: b\.yaml:5:12: the label taken is in use/],
    ['exec: ["true"]\n    label: grown\n', 4, /^copse: b\.yaml:5:12: the label grown cannot be used: .*copse\/grown/],
    ["prompt-file: no.md\n", 3, /^copse: b\.yaml:4:18: the prompt file cannot be read/],
    ["prompt-file: p.md\n    vars: { dir: x }\n", 2, /^copse: p\.md:2:5: nothing gives `\{\{dri\}\}` a value/, /\{\{dir\}\}/],
    ["prompt: '-'\n", 2, /^copse: b\.yaml:4:13: the prompt of `two` says nothing/],
    ["promt: Do\n", 2, /^copse: b\.yaml:4:5: unknown key `promt`/, /Did you mean `prompt`\?/],
    ["prompt: Do {{x}}\n    matrix: { x: { grep: '(' } }\n", 2, /^copse: b\.yaml:5:18: git cannot search for this/],
  ];
  await box.copse(["run", "-b", "-l", "taken", "--exec", "--", "sleep", "300"]);
  box.git(["branch", "copse/grown"]);
  file(box, "p.md", "First\nthe {{dri}}\n");
  for (const [text, code, message, hint] of cases) {
    file(box, "b.yaml", `${good}${text}`);
    refused(await box.copse(["batch", "b.yaml", "-b"]), code, message, hint);
  }
  refused(await box.copse(["batch", "none.yaml"]), 3, /the batch file cannot be read/);
  refused(await box.copse(["batch"]), 2, /which file\?/, /--each/);
  refused(await box.copse(["batch", "b.yaml", "--model", "x"]), 2, /--model goes with --each/);
  assert.equal(
    (await box.json(["tasks", "--all"])).tasks.map(({ label }: any) => label),
    ["taken"],
  );
  assert.is((await box.copse(["stop", "taken"])).code, 0);
});

inBox(
  "searches: files, folders, hits, lines; what finds nothing is said and makes nothing",
  async (box) => {
    file(box, "list.txt", "one\n\n two \none\n");
    file(
      box,
      "b.json",
      JSON.stringify({
        tasks: {
          files: { exec: ["true"], matrix: { f: { paths: "src/**/*.ts" } } },
          hits: { exec: ["true"], matrix: { f: { grep: "t(wo|hree)" } } },
          lines: { exec: ["true"], matrix: { f: { lines: "list.txt" } } },
          nothing: { exec: ["true"], matrix: { f: { grep: "nowhere" } } },
        },
      }),
    );
    const { stdout, stderr } = await box.copse(["batch", "b.json", "--dry-run", "--json"]);
    assert.equal(
      JSON.parse(stdout).batch.tasks.map(({ key }: any) => key),
      ["src/api/a.ts", "src/c.ts", "src/my ui/b.ts"]
        .map((name) => `files[${name}]`)
        .concat(["hits[src/c.ts]", "hits[src/my ui/b.ts]", "lines[one]", "lines[two]"]),
    );
    assert.match(stderr, /b\.json:1:\d+: grep: nowhere finds nothing/);
  },
  tracked,
);

inBox("--each: a task for each line, with the flags of run; again only new lines", async (box) => {
  standInForClaude(box);
  const each = ["batch", "--each", "Review {} and {}", "--batch", "review", "--tag", "r", "--limit", "2"];
  const ran = await box.copse([...each, "--json"], { input: "src/a.ts\nsrc/b $&.ts\n" });
  assert.is(ran.code, 0, ran.stderr);
  const { tasks } = JSON.parse(ran.stdout);
  assert.equal(
    tasks.map(({ label, batchKey, tags, group }: any) => [label, batchKey, tags, group]),
    [
      ["src-a-ts", "src/a.ts", ["r"], "review"],
      ["src-b-ts", "src/b $&.ts", ["r"], "review"],
    ],
  );
  assert.is(box.git(["show", "copse/src-b-ts:prompt.txt"]), "Review src/b $&.ts and src/b $&.ts");
  const again = await box.copse([...each, "-b", "-q"], { input: "src/a.ts\nsrc/c.ts\n" });
  assert.is(again.stdout.trim().split("\n").length, 1, "the line that is new");
  assert.is((await box.copse(["wait"])).code, 0);
  refused(await box.copse(["batch", "--each", "Review it"], { input: "a\n" }), 2, /no \{\} in the prompt/);
  refused(await box.copse(["batch", "--each", "Review {}", "--batch", "a b"], { input: "a\n" }), 2, /cannot be a batch's name/);
});

inBox("a budget: what would go over it does not start, commands do, and a higher one lets the rest go on", async (box) => {
  const spend = ["sh", "-c", `cat > /dev/null; echo '{"copse":"cost","usd":0.6}'`];
  personConfig(box, { limit: 1, agents: { spender: { command: spend } } });
  const withBudget = (usd: number) =>
    file(
      box,
      "b.yaml",
      `budget: ${usd}\ndefaults: { agent: spender }\ntasks:\n  a: { prompt: A }\n  b: { prompt: B }\n  c: { prompt: C }\n  d: { exec: ["true"] }\n`,
    );
  assert.is((await box.copse(["batch", withBudget(1), "-b"])).code, 0);
  const held = async () => (await box.json(["tasks"])).tasks.filter(({ state }: any) => state !== "completed");
  await waitFor(async () => (await held()).length === 1 && (await held())[0].waitingFor?.kind === "limit", "one of the three to be held");
  const [{ label, waitingFor }] = await held();
  assert.match(label, /^[abc]$/, "a command is not held");
  assert.match(waitingFor.text, /the \$1\.00 of the batch b is spent: start it again with a higher budget/);
  const again = await box.copse(["batch", withBudget(1.5)]);
  assert.is(again.code, 0, again.stdout + again.stderr);
  assert.match(again.stderr, /4 tasks: 0 started, 4 left as they are/);
  assert.equal(await held(), []);
});

inBox("Ctrl-C leaves a batch running: 130", async (box) => {
  const { spawn } = await import("node:child_process");
  file(box, "b.yaml", "tasks:\n  a: { exec: [sleep, '300'] }\n  b: { exec: [sleep, '300'] }\n");
  const child = spawn(process.execPath, [builtCli, "batch", "b.yaml"], { cwd: box.repo, env: box.env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  await waitFor(() => /a running/.test(said) && /b running/.test(said), "both to be shown as running");
  const code = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGINT");
  assert.is(await code, 130);
  assert.match(said, /Left; the tasks go on/);
  assert.is((await box.task("a")).state, "running");
  assert.is((await box.copse(["stop", "a", "b"])).code, 0);
});

test.run();
