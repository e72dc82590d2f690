/** Whether a run's slot is lent hangs on a live process, not on a file. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isSlotLent, lendSlot } from "../../src/store/lending.ts";
import { me } from "../../src/system/identity.ts";

test("lent while somebody waits, by several at once too; what a dead process or a damaged file says counts for nothing", () => {
  const run = mkdtempSync(join(tmpdir(), "copse-lend-"));
  try {
    assert.is(isSlotLent(run), false);
    const [one, two] = [lendSlot(run), lendSlot(run)];
    assert.is(isSlotLent(run), true);
    one();
    assert.is(isSlotLent(run), true);
    two();
    two();
    assert.is(isSlotLent(run), false);
    assert.equal(readdirSync(join(run, "lends")), []);
    writeFileSync(join(run, "lends", "1.1"), JSON.stringify({ ...me(), start: "another" }));
    writeFileSync(join(run, "lends", "1.2"), "{");
    assert.is(isSlotLent(run), false);
    lendSlot(join(run, "lends", "1.2"))();
  } finally {
    rmSync(run, { recursive: true });
  }
});

test.run();
