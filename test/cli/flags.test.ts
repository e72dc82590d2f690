/** The reader of flags: whatever the prompt, it arrives; whatever the order, it means the same. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseFlags, runFlags, tasksFlags } from "../../src/cli/flags.ts";
import { CopseError } from "../../src/core/errors.ts";

const parse = (...argv: string[]) => parseFlags(argv, runFlags);
const refusal = (...argv: string[]): CopseError => {
  try {
    parse(...argv);
  } catch (error) {
    if (error instanceof CopseError) return error;
    throw error;
  }
  throw new Error(`${argv.join(" ")} was not refused`);
};

test("any text with a space in its first part is the prompt, before and behind flags", () => {
  const prompt = fc
    .tuple(fc.constantFrom("", "-", "--", "- ", "-b ", "--label "), fc.string({ unit: "grapheme" }))
    .map(([a, b]) => `${a} ${b}`);
  fc.assert(
    fc.property(prompt, fc.boolean(), (text, first) => {
      const { values, words } = first ? parse(text, "-b", "-l", "x") : parse("-b", "-l", "x", text);
      assert.equal(words, [text]);
      assert.is(values["background"], true);
      assert.is(values["label"], "x");
    }),
  );
});

test("a value is taken as it is, also when it looks like a flag", () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      assert.is(parse("--label", value).values["label"], value);
      assert.is(parse(`--label=${value}`).values["label"], value);
      assert.equal(parse("--verify", value, "--verify", "b").values["verify"], [value, "b"]);
    }),
  );
});

test("what stands behind -- is left alone", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (rest) => {
      const parsed = parse("-b", "--", ...rest);
      assert.equal(parsed.rest, rest);
      assert.equal(parsed.words, []);
    }),
  );
  assert.is(parse("-b").rest, undefined);
});

test("-w takes a name only when the next word can be one", () => {
  assert.is(parse("-w", "my-tree", "do it").values["worktree"], "my-tree");
  assert.equal(parse("-w", "do it").words, ["do it"]);
  assert.is(parse("-w", "do it").values["worktree"], "");
  assert.is(parse("-w", "-b").values["background"], true);
  assert.is(parse("-w").values["worktree"], "");
});

test("short flags in one word, booleans only", () => {
  assert.is(parse("-bq").values["quiet"], true);
  assert.is(refusal("-bl", "x").code, "USAGE");
});

test("a flag that is not there is refused with the one that was meant", () => {
  assert.match(refusal("--backgruond").hint ?? "", /--background\?/);
  assert.match(refusal("--zzzzzz").hint ?? "", /behind --/);
  assert.match(refusal("--background=maybe").message, /background/);
  assert.equal(parse("--after", "a,b", "--after=c").values["after"], ["a,b", "c"]);
  assert.is(parseFlags(["--watch"], tasksFlags).values["watch"], true);
});

test.run();
