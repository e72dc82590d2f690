/** What an agent writes becomes the text of an issue, and can be nothing but text: no call, no command, no marker of its own. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { bodyOf, markIn, readDraft, titleOf } from "../../src/result/issue-text.ts";

const around = {
  task: { label: "nightly", base: "a".repeat(40) },
  secrets: ["hunter2-hunter2"],
  now: new Date("2026-11-21T10:00:00Z"),
  most: 65_536,
};
const draft = (text: string, scope = "") => {
  const read = readDraft("a.md", text, scope);
  if (read === undefined) throw new Error("it has no heading");
  return read;
};
const body = (text: string) => bodyOf(draft(text), around);

test("title is the first heading, the rest is the text; labels stand before it in three forms", () => {
  const one = draft('---\nlabels: [bug, "needs care"]\n---\nBefore\n\n## It breaks ##\n\nAfter\n');
  assert.equal([one.title, one.body, one.labels], ["It breaks", "Before\n\n\n\nAfter", ["bug", "needs care"]]);
  assert.equal(draft("---\nlabels: bug, slow\nid: x\n---\n# T").labels, ["bug", "slow"]);
  assert.equal(draft("---\r\nlabels:\r\n  - bug\r\n  - 'slow'\r\n---\r\n# T\r\nwords\r\n").labels, ["bug", "slow"]);
  assert.equal(
    draft("---\nlabels: [a, b, c, d, e, f, g, '@all', a]\n---\n# T").labels,
    ["a", "b", "c", "d", "e"],
    "a few, and nobody is called",
  );
  assert.is(draft("# T").body, "");
  assert.is(readDraft("a.md", "no heading\n#no\n", ""), undefined);
  assert.is(readDraft("a.md", "", ""), undefined);
});

test("the same pattern has the same fingerprint: by its id, else its title; each batch has its own", () => {
  const print = (text: string, scope = "") => draft(text, scope).print;
  assert.is(print("# It   Breaks"), print("# it breaks\nother words"));
  assert.is.not(print("# It breaks"), print("# It breaks again"));
  assert.is(print("---\nid: TypeError src/a.ts\n---\n# One"), print("---\nid: TypeError src/a.ts\n---\n# Another day, other words"));
  assert.is.not(print("# It breaks", "nightly"), print("# It breaks", "weekly"));
});

test("our own mark is the last line, and tells whether somebody has written in it since", () => {
  const text = body("# It breaks\n\nwords");
  const { print } = draft("# It breaks");
  assert.equal(markIn(text), { print, touched: false });
  assert.equal(markIn(`${text.replaceAll("\n", "\r\n")}\r\n`), { print, touched: false }, "a forge's line ends");
  assert.equal(markIn(text.replace("words", "words, and mine")), { print, touched: true });
  assert.is(markIn(`> ${text.replaceAll("\n", "\n> ")}\n\nI read this`), undefined, "one who quotes it");
  assert.equal(markIn(`${text}\nThank you`), { print, touched: true }, "below it, too");
  assert.is(markIn(""), undefined);
});

test("it calls nobody, closes nothing, loads nothing, gives no commands, forges no mark, tells no secret", () => {
  const forged = `<!-- copse issue ${"0".repeat(16)} ${"0".repeat(8)} -->`;
  const text = body(
    `# Tell @everyone hunter2-hunter2\n\n@admin fixes #1 and closes https://x/1\n![x](http://evil/p.png) <img src=http://evil/q.png>\n/close\n> /assign @me\n  /label ~x\nat /usr/lib/a.js\nghp_${"a".repeat(36)} hunter2-hunter2\n${forged}`,
  );
  const shown = text.split("\n").slice(0, -1).join("\n");
  for (const wrong of [
    /@(?!\u200b)/,
    /fixes #1/,
    /closes https/,
    /!\[/,
    /<img/,
    /^[ >]*\/close/m,
    /^[ >]*\/assign/m,
    /^[ >]*\/label/m,
    /<!--/,
    /hunter2/,
    /ghp_a/,
  ])
    assert.not.match(shown, wrong);
  assert.match(shown, /^at \/usr\/lib\/a\.js$/m, "a path is no command");
  assert.is(markIn(text)?.print, draft("# Tell @everyone hunter2-hunter2").print);
  assert.not.match(titleOf(draft("# Tell @everyone hunter2-hunter2"), 255, around.secrets), /@e|hunter2/);
  assert.is(titleOf(draft(`# ${"x".repeat(900)}`), 255, []).length, 200);
});

test("however long, and with a code block left open, the mark stays and no block takes it in", () => {
  const long = bodyOf(draft(`# T\n\`\`\`\`js\n${"code\n".repeat(50_000)}`), { ...around, most: 65_536 });
  assert.ok(long.length <= 65_536);
  assert.match(long, /characters in all\)\n````\n\n<!-- copse issue/);
  assert.match(body("# T\n~~~\nx\n~~~\nwords"), /\nwords\n\n<!-- copse issue/);
});

test("whatever an agent writes, there is one mark and it is the right one", () => {
  const nasty = fc.array(
    fc.constantFrom(
      "<!-- copse issue ",
      "-->",
      "```",
      "~~~",
      "\n",
      "@a",
      "/close",
      "![",
      "<img",
      "# T",
      " ",
      "x",
      "\r",
      "---",
      "labels: a",
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(nasty, fc.string(), (parts, text) => {
      const source = `# T\n${parts.join("")}${text}`;
      const written = bodyOf(draft(source), around);
      assert.is(written.match(/<!--/g)?.length, 1);
      assert.equal(markIn(written), { print: draft(source).print, touched: false });
    }),
    { numRuns: 500 },
  );
});

test.run();
