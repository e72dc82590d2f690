/** The prompt arrives as it was given, byte for byte: on the agent's stdin and in its prompt file. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startRun } from "../../src/process/supervised.ts";
import { promptFile, runDir, taskDir } from "../../src/store/paths.ts";
import { submitDirectly } from "../support/direct.ts";
import { agent, ended, type Sandbox, sandbox } from "../support/sandbox.ts";
import { newTask, repoId, stateFolder } from "../support/task-made.ts";

const prompts = suite("prompts");
let box: Sandbox;
const sha = (data: Buffer | string) => createHash("sha256").update(data).digest("hex");
let n = 0;
const arbitrary = fc.string({ unit: "binary", minLength: 1, maxLength: 300 }).filter((text) => !text.includes("\0"));

prompts.before(async () => {
  box = await sandbox();
  Object.assign(box.env, { COPSE_LIMIT: "4", COPSE_IDLE_SECONDS: "60", SUMS: join(box.dir, "sums") });
});
prompts.after(async () => {
  await box.close();
});

/** Submits a prompt one way; @returns its label. */
async function give(data: Buffer, way: "argument" | "file" | "stdin"): Promise<string> {
  const label = `p${n++}`;
  const file = join(box.dir, "prompt-in");
  if (way === "file") writeFileSync(file, data);
  const from = way === "argument" ? [data.toString()] : way === "file" ? ["--prompt-file", file] : ["--prompt-file", "-"];
  const ran = await box.copse(
    ["run", "-b", "-q", "-l", label, ...from, "--exec", "--", agent("sums.sh")],
    way === "stdin" ? { input: data } : {},
  );
  assert.is(ran.code, 0, `${way} ${JSON.stringify(data.toString().slice(0, 80))}: ${ran.stderr}`);
  return label;
}

async function sumsOf(labels: readonly string[]): Promise<Map<string, string[]>> {
  await box.copse(["wait", ...labels, "-q"]);
  const lines = readFileSync(join(box.dir, "sums"), "utf8").trim().split("\n");
  return new Map(lines.map((line) => line.split(" ")).map(([label = "", ...sums]) => [label, sums]));
}

const unicode = () => {
  let text = "";
  for (let code = 1; code <= 0x10ffff; code++) if (code < 0xd800 || code > 0xdfff) text += String.fromCodePoint(code);
  return text;
};
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell that must not read it
const shell = "'single' \"double\" $(touch pwned) `touch pwned` $HOME ${IFS} \\ \\n ; & | > < * ? [a] {b} ! # ~ %s %n";

prompts("odd prompts, each way there is", async () => {
  const odd: [string, "argument" | "file" | "stdin"][] = [
    ["- begins with a dash and a space", "argument"],
    [`fix ${shell}`, "argument"],
    ["two\nlines", "argument"],
    ["--background is not a flag here\n", "file"],
    ["-l x", "stdin"],
    [shell, "file"],
    ["one\r\ntwo\r\n", "file"],
    ["one\rtwo\r", "stdin"],
    ["no newline at the end", "file"],
    ["\n\n\nonly newlines before\n\n\n", "stdin"],
    ["\ufeffa byte order mark\n", "file"],
    ["\u202eright to left\u0007\u001b[31m\u009b", "file"],
    [`${"x".repeat(5 * 1024 * 1024)}`, "file"],
    [`${"y\n".repeat(2.5 * 1024 * 1024)}`, "stdin"],
    [unicode(), "file"],
  ];
  const labels: string[] = [];
  for (const [text, way] of odd) labels.push(await give(Buffer.from(text), way));
  const sums = await sumsOf(labels);
  odd.forEach(([text, way], i) => {
    const expected = sha(text);
    assert.equal(sums.get(labels[i] as string), [expected, expected], `${way}: ${JSON.stringify(text.slice(0, 60))}`);
  });
  assert.not(existsSync(join(box.repo, "pwned")));
});

prompts("arbitrary prompts in one batch", async () => {
  // One CLI call for each would cost half a minute: they are given below the command line, and run by the real runner.
  const texts = fc.sample(arbitrary, { numRuns: 15 });
  const labels = texts.map((text, i) => submitDirectly(box, `arbitrary-${i}`, text, [agent("sums.sh")]));
  const sums = await sumsOf(labels);
  texts.forEach((text, i) => {
    const expected = sha(text);
    assert.equal(sums.get(`arbitrary-${i}`), [expected, expected], JSON.stringify(text));
  });
});

prompts("a hundred arbitrary prompts through record and wrapper alone", async () => {
  const { state, remove } = stateFolder();
  const texts = fc.sample(arbitrary, { numRuns: 100 });
  for (const text of texts) {
    const task = newTask(state, undefined, {}, text);
    const dir = taskDir(state, repoId, task.id);
    const env = { PATH: process.env["PATH"] ?? "", COPSE_LABEL: task.label, COPSE_PROMPT_FILE: promptFile(dir), SUMS: join(dir, "sums") };
    const first = readFileSync(promptFile(dir), "utf8");
    const child = await startRun({
      dir: runDir(dir, 1),
      file: agent("sums.sh"),
      args: [],
      cwd: state,
      env,
      cookie: `${task.id}.run1`,
      mode: "read",
      first,
    });
    child.ref();
    await ended(child);
    const expected = sha(text);
    assert.is(readFileSync(join(dir, "sums"), "utf8"), `${task.label} ${expected} ${expected}\n`, JSON.stringify(text));
  }
  remove();
});

prompts("NUL and broken UTF-8 are refused, and nothing is written", async () => {
  const tasks = () => readdirSync(join(box.state, "repos")).flatMap((repo) => readdirSync(join(box.state, "repos", repo, "tasks")));
  const before = tasks().length;
  for (const data of [Buffer.from("a\0b"), Buffer.from([0x61, 0xff, 0x62]), Buffer.from([0xc3]), Buffer.from([0xed, 0xa0, 0x80])]) {
    const file = join(box.dir, "bad");
    writeFileSync(file, data);
    for (const [args, input] of [
      [["--prompt-file", file], undefined],
      [["--prompt-file", "-"], data],
    ] as const) {
      const ran = await box.copse(
        ["run", "-b", "-l", "bad", ...args, "--exec", "--", agent("sums.sh")],
        input === undefined ? {} : { input },
      );
      assert.is(ran.code, 2, ran.stderr);
      assert.match(ran.stderr, /NUL|UTF-8/);
    }
  }
  assert.is(tasks().length, before);
  assert.is(
    readdirSync(join(box.state, "repos", readdirSync(join(box.state, "repos"))[0] as string, "labels")).filter((name) =>
      name.startsWith("bad."),
    ).length,
    0,
  );
});

prompts.run();
