import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { endOf, tail } from "../../src/process/tail.ts";

const dir = mkdtempSync(join(tmpdir(), "copse-tail-"));
let n = 0;
const file = () => join(dir, `f${n++}`);

test("lines come whole however the file grows, also where a chunk cuts a character", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replaceAll("\n", "")),
        { maxLength: 30 },
      ),
      fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 10 }),
      async (lines, cuts) => {
        const name = file();
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const seen: string[] = [];
        const reader = tail(name);
        assert.is(await reader.read((line) => seen.push(line)), 0, "a file that is not there yet is empty");
        writeFileSync(name, "");
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const next = Math.min(bytes.length, at + (cuts[i % cuts.length] as number));
          appendFileSync(name, bytes.subarray(at, next));
          assert.is(await reader.read((line) => seen.push(line)), next - at);
          at = next;
        }
        assert.equal(
          seen,
          lines.map((line) => Buffer.from(line).toString("utf8")),
        );
        assert.is(reader.rest(), "");
      },
    ),
    { numRuns: 60 },
  );
});

test("a character across the border of two chunks is one character", async () => {
  const name = file();
  const line = `${"a".repeat(256 * 1024 - 2)}🌳${"b".repeat(256 * 1024)}é`;
  writeFileSync(name, `${line}\nlast without newline`);
  const seen: string[] = [];
  const reader = tail(name);
  await reader.read((one) => seen.push(one));
  assert.equal(seen, [line]);
  assert.is(reader.rest(), "last without newline");
});

test("a line over 4 MB becomes a note of its size, the next is read as ever", async () => {
  const name = file();
  writeFileSync(name, `first\n${"x".repeat(20 * 1024 * 1024)}\nsecond\n`);
  const seen: string[] = [];
  await tail(name).read((one) => seen.push(one));
  assert.equal(seen, ["first", `[a line of ${20 * 1024 * 1024} bytes is left out]`, "second"]);
});

test("broken bytes are shown as such and disturb nothing", async () => {
  const name = file();
  writeFileSync(name, Buffer.from([0xff, 0xfe, 10, 0xc3, 10, 0, 65, 10]));
  const seen: string[] = [];
  await tail(name).read((one) => seen.push(one));
  assert.equal(seen, ["\ufffd\ufffd", "\ufffd", "\0A"]);
});

test("the end of a file, whole or cut, or of none", () => {
  const name = file();
  writeFileSync(name, "0123456789");
  assert.is(endOf(name, 4), "6789");
  assert.is(endOf(name, 100), "0123456789");
  assert.is(endOf(`${name}-none`, 5), "");
});

test.after(() => rmSync(dir, { recursive: true, force: true }));
test.run();
