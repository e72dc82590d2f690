import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkBranchName, checkLabel, labelFrom, slugOf } from "../../src/core/label.ts";

const slug = /^[a-z0-9][a-z0-9-]{0,47}$/;
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.stringMatching(/^[a-zA-Z0-9 _./-]{0,60}$/),
);

test("any text has a safe slug, always the same", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.match(slugOf(text), slug);
      assert.is(slugOf(text), slugOf(text));
    }),
    { numRuns: 5000 },
  );
});

test("different labels have different slugs, even where case is folded", () => {
  const near = fc.tuple(anyText, fc.constantFrom("", " ", "-", ".", "A", "a", "́", "\u200d")).map(([a, b]) => [a, a + b] as const);
  fc.assert(
    fc.property(
      fc.oneof(
        near,
        fc.tuple(anyText, anyText),
        anyText.map((a) => [a, a.toUpperCase()] as const),
      ),
      ([a, b]) => {
        if (a !== b) assert.is.not(slugOf(a).toLowerCase(), slugOf(b).toLowerCase());
      },
    ),
    { numRuns: 5000 },
  );
  const many = Array.from({ length: 5000 }, (_, i) => `Task ${"é".repeat(i % 7)} №${i}`);
  assert.is(new Set(many.map(slugOf)).size, many.length);
});

test("a slug that came from another label is not taken for a plain one", () => {
  assert.is.not(slugOf(slugOf("Fix Login")), slugOf("Fix Login"));
  assert.is(slugOf("fix-login"), "fix-login");
  assert.is(slugOf("fix-decade"), "fix-decade");
});

test("a label made from a prompt is its own slug and a good label", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const label = labelFrom(text);
      assert.match(label, slug);
      assert.is(slugOf(label), label);
      checkLabel(label);
    }),
    { numRuns: 5000 },
  );
  assert.is(labelFrom("Fix the login, please: it fails with é"), "fix-the-login-please-it-fails");
  assert.is(labelFrom("deadbeef cafebabe"), "deadbeef-cafebabe-task");
});

test("labels with control or direction characters, empty or too long ones are refused", () => {
  for (const label of ["", "   ", "a\nb", "a\tb", "a\u0007", "a\u001b[31m", "safe\u202etxt", "\ufeffx", "x".repeat(101), "\u0085"])
    assert.throws(
      () => checkLabel(label),
      (error: { code?: string }) => error.code === "BAD_LABEL",
      JSON.stringify(label),
    );
  for (const label of ["ä", "Fix login", "🐛", "-x", "../x", "x".repeat(100)]) checkLabel(label);
});

test("a branch template that would need quotes is refused; what is let through, git takes", () => {
  for (const name of [
    "copse/x;id",
    "-x",
    "a/-x",
    "$(id)/x",
    "x y",
    "a//x",
    "x.lock",
    "a..b",
    "HEAD",
    "x/",
    ".x",
    "x.",
    "a/.b",
    "x'y",
    "x\ny",
  ])
    assert.throws(
      () => checkBranchName(name),
      (error: { code?: string }) => error.code === "BAD_CONFIG",
      name,
    );
  for (const name of ["copse/x", "feature/ab-1.2_x", "тест/x", "a+b/x"]) {
    checkBranchName(name);
    execFileSync("git", ["check-ref-format", "--branch", name], { stdio: "pipe" });
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."ab./-_@{}^~ :\\$;é"), minLength: 1, maxLength: 8 }), (name) => {
      try {
        checkBranchName(name);
      } catch {
        return;
      }
      execFileSync("git", ["check-ref-format", "--branch", name], { stdio: "pipe" });
    }),
    { numRuns: 300 },
  );
});

test.run();
