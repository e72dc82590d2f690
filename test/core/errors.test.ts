/** What counts as a full disk: the codes of the system, and the words of git. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CopseError, isDiskFull } from "../../src/core/errors.ts";

test("a full disk is known by its code, by the words of a program, and behind another error", () => {
  const full = [
    Object.assign(new Error("write"), { code: "ENOSPC" }),
    Object.assign(new Error("write"), { code: "EDQUOT" }),
    new Error("fatal: sha1 file '.git/worktrees/2/index.lock' write error. Out of diskspace"),
    new Error("error: unable to write file a.txt: No space left on device"),
    new CopseError("GIT_FAILED", "git add", { hint: "", cause: new Error("Disk quota exceeded") }),
  ];
  for (const error of full) assert.ok(isDiskFull(error), error.message);
  for (const error of [new Error("Permission denied"), undefined, null, "Out of diskspace"]) assert.not.ok(isDiskFull(error));
});

test.run();
