/** The text of a pull request: a row for each update, and nothing that a package, a check or a registry says can be more than text in it. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Update } from "../../src/deps/ecosystem.ts";
import type { Asked, Outcome } from "../../src/deps/journal.ts";
import { type Page, type Part, pageOf, proposalOf } from "../../src/deps/page.ts";
import type { Verdict } from "../../src/deps/verdict.ts";

const asked: Asked = {
  base: "a".repeat(40),
  target: "minor",
  checks: ["npm test"],
  only: [],
  ignore: [],
  groups: [],
  split: true,
  pin: {},
  minAgeMs: null,
  engines: true,
  otherUpdaters: true,
};
const outcome = (lines: readonly string[], ok = false): Outcome => ({
  ok,
  stage: "check",
  command: "npm test",
  exitCode: ok ? 0 : 1,
  durationMs: 1000,
  log: "runs/1/check0",
  lines,
});
const update = (name: string, more: Partial<Update> = {}): Update => ({
  name,
  from: "1.0.0",
  to: "1.1.0",
  kind: "minor",
  dev: false,
  places: [{ manifest: "package.json", field: "dependencies", range: "^1.0.0" }],
  link: null,
  ...more,
});
const verdict = (name: string, more: Partial<Verdict> = {}): Verdict => ({
  update: update(name),
  family: [],
  flaky: null,
  reverted: null,
  ...more,
});
const part = (verdicts: readonly Verdict[], more: Partial<Part> = {}): Part => ({
  group: "",
  verdicts,
  branch: "copse/deps",
  commit: "b".repeat(40),
  commits: 1,
  audits: { before: null, after: null },
  published: null,
  ...more,
});
const page = (parts: readonly Part[]): Page => ({
  parts,
  left: [],
  notes: [],
  checks: [outcome([], true)],
  asked,
  baseRef: "origin/main",
  dir: "/state",
});
const manager = { name: "npm", commands: ["npm ci"] };
const textOf = (one: Part, more: Partial<Page> = {}): string =>
  proposalOf(one, { ...page([one]), ...more }, manager, ["s3cret-value"]).body;

test("a row says of each what became of it", () => {
  const reverted = (together: readonly string[], why: string) => ({ together, why, outcome: outcome(["not ok"]) });
  const all = [
    verdict("kept"),
    verdict("shaky", { flaky: outcome(["the wind"]) }),
    verdict("culprit", { reverted: reverted([], "fails: `npm test` exited 1") }),
    verdict("half", { reverted: reverted(["other@2.0.0"], "only together with other@2.0.0; fails: `npm test` exited 1") }),
    verdict("react", { family: ["react-dom@1.1.0"] }),
  ];
  const rows = textOf(part(all))
    .split("\n")
    .filter((line) => /^\| `/.test(line));
  assert.equal(
    rows.map((row) => row.split(" | ").slice(-2).join(" | ")),
    [
      "passed | kept |",
      "flaky: failed once, then passed | kept |",
      "failed | reverted: fails: \\`npm test\\` exited 1 |",
      "failed | reverted: only together with other@\u200b2.0.0; fails: \\`npm test\\` exited 1 |",
      "passed | kept (moves with `react-dom@1.1.0`) |",
    ],
  );
  assert.is(proposalOf(part(all), page([]), manager, []).title, "Update 3 dependencies");
  const typed = part([verdict("@types/node")], { group: "dev" });
  assert.is(proposalOf(typed, page([]), manager, []).title, "Update @\u200btypes/node to 1.1.0");
});

test("holes: mended, still there, new; what could not be had is said and not guessed", () => {
  const hole = (id: string) => ({
    id,
    name: `p${id}`,
    severity: "high",
    title: `hole ${id}`,
    url: `https://example.com/${id}`,
    range: "<2",
  });
  const text = textOf(
    part([verdict("p")], { audits: { before: { found: [hole("1"), hole("2")] }, after: { found: [hole("2"), hole("3")] } } }),
  );
  assert.match(
    text,
    /Known holes: 1 mended, 1 still there, 1 new\.\n\n- mended: `p1`, high: hole 1 \(\[advisory\]\(https:\/\/example\.com\/1\)\)\n\n- new: `p3`/,
  );
  assert.match(
    textOf(part([verdict("p")], { audits: { before: { why: "no such endpoint" }, after: null } })),
    /Known holes could not be looked up: no such endpoint\./,
  );
  assert.match(
    textOf(part([verdict("p")], { audits: { before: { found: [hole("1")] }, after: { why: "gone" } } })),
    /could not be looked up after the updates: gone\./,
  );
});

/** Words that would do something, were they not text. */
const nasty = fc.constantFrom(
  "@somebody",
  "fixes #1",
  "closes https://github.com/o/r/issues/1",
  "\n| `p` | `1` | `2` | minor | x | passed | kept |\n",
  "```",
  "~~~",
  "</details>",
  "<!-- copse deps all -->",
  "<img src=x>",
  "[x](https://evil.example)",
  "\u001b[31m",
  "\u202e",
  "# head",
  "s3cret-value",
  "|",
  "`",
  "\n",
);
const text = fc.array(fc.oneof(nasty, fc.string({ maxLength: 8 })), { maxLength: 6 }).map((parts) => parts.join(" "));

/** What of it is Markdown: without what stands in fences and code spans. */
function outsideCode(body: string): string {
  const lines: string[] = [];
  let fence: string | undefined;
  for (const line of body.split("\n")) {
    const [, ticks] = /^(`{3,})(?:text)?$/.exec(line) ?? [];
    if (fence === undefined && ticks !== undefined && line.endsWith("text")) fence = ticks;
    else if (fence !== undefined && ticks !== undefined && ticks.length >= fence.length && !line.endsWith("text")) fence = undefined;
    else if (fence === undefined) lines.push(line.replace(/(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)/g, "").replace(/<code>.*?<\/code>/g, ""));
  }
  assert.is(fence, undefined, "every fence is closed");
  return lines.join("\n");
}

test("whatever they say: no row, mention, closing word, element or comment more than ours, and no secret", () => {
  const world = fc.record({ name: text, to: text, link: text, why: text, line: text, left: text, note: text, title: text, manifest: text });
  fc.assert(
    fc.property(world, ({ name, to, link, why, line, left, note, title, manifest }) => {
      const mean = update(name, { to, link, places: [{ manifest, field: "dependencies", range: "1" }] });
      const gone = {
        update: mean,
        family: [name],
        flaky: outcome([line]),
        reverted: { together: [], why, outcome: outcome(line.split("\n")) },
      };
      const hole = { id: "1", name, severity: why, title, url: link, range: "*" };
      const one = part([verdict("p"), gone], { audits: { before: { found: [hole] }, after: { found: [] } } });
      const body = textOf(one, { left: [{ name, from: to, latest: to, why: left }], notes: [note] });
      const bare = outsideCode(body);
      assert.is(bare.split("\n").filter((row) => /^\|/.test(row)).length, 4 + 3, "two tables, of two rows and of one");
      assert.not.match(bare, /@(?!\u200b)\w/);
      assert.not.match(bare, /\b(?:fixes|closes) (?:#\d|https:)/);
      assert.not.match(bare, /(?<!\\)<(?!\/?details>|\/?summary>)/);
      assert.is(bare.match(/<details>/g)?.length, bare.match(/<\/details>/g)?.length);
      assert.not.match(body, /<!--|s3cret-value|\u001b|\u202e/);
      assert.not.match(bare, /(?<!\\)\]\((?!https?:\/\/[^\s()]+\))/);
      assert.ok(pageOf(page([one])).length > 0);
    }),
    { numRuns: 150 },
  );
});

test.run();
