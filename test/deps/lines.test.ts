/** Which lines of yarn 2 and newer say why it failed. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isOutside, saysNothing, tellingLines } from "../../src/deps/lines.ts";

const said = (...lines: string[]): string =>
  [
    "➤ YN0000: · Yarn 4.18.1",
    "➤ YN0000: ┌ Resolution step",
    ...lines,
    "➤ YN0000: └ Completed in 0s 412ms",
    "➤ YN0000: · Failed with errors in 0s 511ms",
  ].join("\n");

test("of yarn's lines those that name a fault are shown, not its steps and remarks", () => {
  const fault = "➤ YN0082: │ ms@npm:99.0.0: No candidates found";
  const remark = "➤ YN0085: │ + ms@npm:2.1.3";
  assert.equal(tellingLines(said(remark, fault)), [fault]);
  assert.not.ok(isOutside(said(fault)));
  assert.not.ok(saysNothing(said(fault)));
  assert.ok(saysNothing(said(remark)));
});

test("a registry that refuses or is not well is no fault of an update; a version it does not have is", () => {
  const answered = (code: string) =>
    said("➤ YN0035: │ The remote server failed to provide the requested resource", `➤ YN0035: │   Response Code: ${code}`);
  for (const code of ["503 (Service Unavailable)", "429 (Too Many Requests)", "401 (Unauthorized)"])
    assert.ok(isOutside(answered(code)), code);
  assert.not.ok(isOutside(answered("404 (Not Found)")));
  assert.ok(isOutside(said("➤ YN0041: │ Invalid authentication (as an anonymous user)")));
});

test.run();
