/** Names of tasks about updates. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkBranchName, checkLabel, slugOf } from "../../src/core/label.ts";
import { labelsOf } from "../../src/deps/labels.ts";

const labels = (...keys: readonly string[]) => [...labelsOf("fix", keys).values()];

test("they can be read, and are their own branch", () => {
  assert.equal(labels("lodash.template@4.18.0", "@babel/core@7.1.0", "Old_Name@1.0.0-rc.1", "a@2.0.0 b@2.0.0"), [
    "fix-lodash-template-4-18-0",
    "fix-babel-core-7-1-0",
    "fix-old-name-1-0-0-rc-1",
    "fix-a-2-0-0-b-2-0-0",
  ]);
});

test("what is alike gets some of its hash, and so does what is too long or looks like a hash", () => {
  const alike = labels("a.b@1.0.0", "a-b@1.0.0", "@a/b@1.0.0", "c@1.0.0");
  for (const label of alike.slice(0, 3)) assert.match(label, /^fix-a-b-1-0-0-[0-9a-f]{6}$/);
  assert.equal([new Set(alike).size, alike[3]], [4, "fix-c-1-0-0"]);
  assert.match(labels(`${"very-long-name-".repeat(10)}@1.0.0`).join(), /^fix-very-long-name-[a-z-]+-[0-9a-f]{6}$/);
  assert.match(labels("a@1.0.0-deadbeef").join(), /^fix-a-1-0-0-deadbeef-[0-9a-f]{6}$/);
});

test("whatever packages are called: a label that may be one, a slug and branch as it is, its own, and the same again", () => {
  const name = fc.oneof(
    fc.constantFrom("a.b", "a-b", "@a/b", "a_b", "con", "-", "..", "x.lock", "HEAD", "a--b", "~x", "é"),
    fc.string({ unit: fc.constantFrom(..."aZ09.-_/@~é "), maxLength: 80 }),
  );
  const key = fc
    .tuple(name, fc.constantFrom("1.0.0", "1.0.0-rc.1+build.5", "1.0.0-deadbeef", "20240101.0.0"))
    .map((both) => both.join("@"));
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 8 }), (keys) => {
      const all = labelsOf("fix", keys);
      assert.is(new Set(all.values()).size, keys.length);
      assert.equal(labelsOf("fix", [...keys].reverse()), new Map([...all].reverse()));
      for (const label of all.values()) {
        checkLabel(label);
        checkBranchName(`copse/${label}`);
        assert.is(slugOf(label), label);
      }
    }),
  );
});

test.run();
