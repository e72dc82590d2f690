/** Which command each lever is: nothing typed becomes a flag, what is shown is what is run, and what is no lever is refused. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { answerFlags, parseFlags, runFlags } from "../../src/cli/flags.ts";
import { leverOf } from "../../src/web/lever-check.ts";
import { commandLine, commandOf, guidance, type Lever, type RunFields } from "../../src/web/levers.ts";

/** Text as nasty as people and pages can make it. */
const nasty = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.constantFrom(
    "--json",
    "-b",
    "--",
    "-",
    "--prompt-file=/etc/passwd",
    "--exec",
    "$(touch x)",
    "`x`",
    "a\nb",
    "'",
    '"',
    "=",
    "--=",
    "-w",
    "…",
    "a=b",
  ),
  fc.string({ minLength: 1 }).map((text) => `--${text}`),
);
const full = nasty.filter((text) => text.trim() !== "" && !text.includes("\0"));
const list = fc.array(full, { maxLength: 3 });

const fields: fc.Arbitrary<RunFields> = fc.record(
  {
    prompt: full,
    label: full,
    agent: full,
    model: full,
    base: full,
    after: list,
    onFailure: fc.constantFrom("skip", "hold"),
    // biome-ignore lint/suspicious/noThenProperty: the name of a flag.
    then: list,
    verify: list,
    fix: fc.nat(5),
    deliver: fc.constantFrom("report", "branch", "pr"),
    draft: fc.boolean(),
    priority: fc.integer({ min: -9, max: 9 }),
    group: full,
    tags: list,
    timeout: full,
    maxCostUsd: fc.integer({ min: 1, max: 9 }),
    retries: fc.nat(5),
    permissionMode: full,
    allow: list,
    notify: fc.constantFrom("always", "off"),
    exec: list,
  },
  { requiredKeys: ["prompt"] },
) as fc.Arbitrary<RunFields>;

test("whatever is typed into the form of a new task is the value of its own flag, and nothing else", () => {
  fc.assert(
    fc.property(fields, (given) => {
      const { argv, stdin } = commandOf({ do: "run", repo: "/r", fields: given });
      assert.is(argv[0], "run");
      const { values, words, rest } = parseFlags(argv.slice(1), runFlags);
      const names: Record<string, string> = {
        onFailure: "on-failure",
        tags: "tag",
        maxCostUsd: "max-cost",
        permissionMode: "permission-mode",
      };
      const exec = given.exec !== undefined && given.exec.length > 0;
      const wanted: Record<string, unknown> = { background: true, json: true };
      for (const [key, value] of Object.entries(given)) {
        if (["prompt", "exec"].includes(key) || value === false || (Array.isArray(value) && value.length === 0)) continue;
        wanted[names[key] ?? key] = value === true || Array.isArray(value) ? value : String(value);
      }
      if (exec) wanted["exec"] = true;
      if (stdin !== null) wanted["prompt-file"] = "-";
      assert.equal(values, wanted);
      assert.equal(rest, exec ? given.exec : undefined);
      assert.equal([...words, ...(stdin === null ? [] : [stdin])], [stdin === null ? given.prompt : given.prompt.replace(/\n?$/, "\n")]);
    }),
    { numRuns: 500 },
  );
});

test("what is said to a task is one text, whatever it looks like", () => {
  fc.assert(
    fc.property(full, (text) => {
      for (const lever of [
        { do: "send", task: "abc", text },
        { do: "deny", task: "abc", why: text },
      ] as const) {
        const { argv } = commandOf(lever);
        const { values, words, rest } = parseFlags(argv.slice(1), answerFlags);
        assert.equal(values, { json: true });
        assert.equal([...words, ...(rest ?? [])], ["abc", text]);
      }
    }),
    { numRuns: 500 },
  );
});

const levers: readonly Lever[] = [
  { do: "run", repo: "/r", fields: { prompt: "x" } },
  { do: "send", task: "a1", text: "t" },
  { do: "approve", task: "a1", always: true },
  { do: "deny", task: "a1" },
  { do: "stop", task: "a1" },
  { do: "retry", task: "a1" },
  { do: "restore", task: "a1" },
  { do: "rm", task: "a1" },
  { do: "pr", task: "a1", ready: true },
  { do: "merge", task: "a1", how: "squash", verify: false },
  { do: "clean", repo: null, yes: true },
  { do: "notify", task: null, policy: "off" },
  { do: "priority", task: "a1", priority: -5 },
  { do: "pause" },
  { do: "resume" },
  { do: "limit", limit: null },
  { do: "attach", task: "a1" },
];

test("each lever is the command people would type", () => {
  assert.equal(
    levers.map((lever) => commandLine(commandOf(lever))),
    [
      "copse run --background x",
      "copse send a1 -- t",
      "copse approve a1 --always",
      "copse deny a1",
      "copse stop a1",
      "copse retry a1",
      "copse restore a1",
      "copse rm a1 --yes",
      "copse pr a1 --ready",
      "copse merge a1 --squash --no-verify",
      "copse clean --all --yes",
      "copse notify off",
      "copse priority a1 -5",
      "copse runner pause",
      "copse runner resume",
      "copse runner limit default",
      "copse attach a1",
    ],
  );
});

test("a prompt that looks like a flag, or is long, goes in by standard input, and the command shows it", () => {
  const { argv, stdin } = commandOf({ do: "run", repo: "/r", fields: { prompt: "--all\nEND" } });
  assert.equal(argv, ["run", "--background", "--json", "--prompt-file=-"]);
  assert.is(stdin, "--all\nEND\n");
  assert.is(commandLine({ argv, stdin, runs: true }), "copse run --background --prompt-file=- <<'END_'\n--all\nEND\nEND_");
});

test("what is no lever is refused: another name, a field too many, too few, or of another kind", () => {
  for (const lever of levers) assert.equal(leverOf(JSON.parse(JSON.stringify(lever))), lever);
  const wrong: unknown[] = [
    null,
    1,
    "stop",
    [],
    [{ do: "stop", task: "a1" }],
    {},
    { do: "doctor" },
    { do: "constructor" },
    { do: "__proto__" },
    { do: "toString" },
    { do: "stop" },
    { do: "stop", task: "--all" },
    { do: "stop", task: ["a1"] },
    { do: "stop", task: "../x" },
    { do: "stop", task: "a1", argv: ["--json"] },
    { do: "send", task: "a1", text: "a\0b" },
    { do: "send", task: "a1", text: 1 },
    { do: "approve", task: "a1", always: "yes" },
    { do: "merge", task: "a1", how: "octopus" },
    { do: "priority", task: "a1", priority: 1.5 },
    { do: "priority", task: "a1", priority: "5" },
    { do: "limit", limit: 0 },
    { do: "clean", repo: null },
    { do: "run", repo: "/r", fields: {} },
    { do: "run", repo: "/r", fields: { prompt: "x", cwd: "/" } },
    { do: "run", repo: "/r", fields: { prompt: "x", exec: "rm -rf /" } },
    { do: "run", repo: "/r", fields: { prompt: "x", verify: [1] } },
    { do: "run", repo: "/r", fields: [] },
  ];
  for (const value of wrong) assert.is(leverOf(value), undefined, JSON.stringify(value));
});

test("any JSON is a lever or none, and the command of one begins with a command's name", () => {
  const names = [
    "run",
    "send",
    "approve",
    "deny",
    "stop",
    "retry",
    "restore",
    "rm",
    "pr",
    "merge",
    "clean",
    "notify",
    "priority",
    "runner",
    "attach",
  ];
  const loose = fc.record({ do: fc.constantFrom(...levers.map((lever) => lever.do)), task: fc.jsonValue(), text: fc.jsonValue() });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), loose), (value) => {
      const lever = leverOf(value);
      if (lever !== undefined) assert.ok(names.includes(commandOf(lever).argv[0] as string));
    }),
    { numRuns: 500 },
  );
});

test("remarks on lines become one message with the lines themselves", () => {
  const text = guidance([{ path: "a.ts", line: 3, side: "new", quote: "const a = 1;", text: " Why 1? " }], "Please mend:");
  assert.is(text, "Please mend:\n\nRemarks on the diff:\n\na.ts:3\n> const a = 1;\nWhy 1?");
  assert.match(
    guidance([{ path: "b", line: 1, side: "old", quote: "x", text: "keep" }]),
    /^Remarks on the diff:\n\nb:1 \(as it was before\)/,
  );
});

test.run();
