/** What counts as patch, minor and major, and how a range is written anew. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inReach, kindOf, rangeFor, reachOf } from "../../src/deps/versions.ts";

test("kinds are counted as a caret and a tilde count them, below 1.0 too", () => {
  for (const [from, to, kind] of [
    ["1.2.3", "1.2.4", "patch"],
    ["1.2.3", "1.3.0", "minor"],
    ["1.2.3", "2.0.0", "major"],
    ["0.4.1", "0.4.2", "patch"],
    ["0.4.1", "0.7.0", "major"],
    ["0.4.1", "1.0.0", "major"],
    ["0.0.3", "0.0.4", "major"],
    ["1.0.0-rc.1", "1.0.0", "patch"],
  ] as const)
    assert.is(kindOf(from, to), kind, `${from} → ${to}`);
});

test("a target goes as far as its name says", () => {
  const goes = (from: string, to: string) => (["patch", "minor", "latest"] as const).filter((target) => inReach(to, reachOf(from, target)));
  assert.equal(goes("1.2.3", "1.2.9"), ["patch", "minor", "latest"]);
  assert.equal(goes("1.2.3", "1.9.0"), ["minor", "latest"]);
  assert.equal(goes("1.2.3", "2.0.0"), ["latest"]);
  assert.equal(goes("0.4.1", "0.4.9"), ["patch", "minor", "latest"]);
  assert.equal(goes("0.4.1", "0.5.0"), ["latest"]);
  assert.equal(goes("0.0.3", "0.0.4"), ["latest"]);
  assert.equal(goes("1.2.3", "1.3.0-beta.1"), ["latest"]);
});

test("a range keeps its sign; what is no single version is not touched", () => {
  assert.is(rangeFor("^1.2.3", "1.4.0"), "^1.4.0");
  assert.is(rangeFor("~1.2.3", "1.4.0"), "~1.4.0");
  assert.is(rangeFor("1.2.3", "1.4.0"), "1.4.0");
  for (const range of ["*", "1.x", ">=1.2.3", "1.2.3 || 2.0.0", "workspace:*", "file:../a", "npm:b@^1.2.3", "latest", "^1.2"])
    assert.is(rangeFor(range, "1.4.0"), undefined, range);
});

test.run();
