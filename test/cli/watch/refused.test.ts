/** `copse watch` where there is nothing to draw on: refused, with the plain way to see the same. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { builtCli } from "../../support/sandbox.ts";
import { terminal } from "../../support/terminal.ts";
import { inBox } from "../support.ts";

inBox("no terminal, a dumb one, words, and no repository: what is wrong, and the next command; not one control byte", async (box) => {
  const cases: [string[], number, RegExp][] = [
    [["watch"], 2, /watch needs a terminal to draw on.*\n {2}Plain lines: copse tasks --all --watch\n/],
    [["watch", "--here"], 2, /Plain lines: copse tasks --watch\n/],
    [["watch", "docs"], 2, /watch takes no words, got "docs"\n {2}One task alone: copse logs -f docs\n/],
    [["watch", "--her"], 2, /unknown flag --her\n {2}Did you mean --here\?\n/],
    [["watch", "--here", "--all"], 2, /say different things/],
  ];
  for (const [words, code, said] of cases) {
    const ran = await box.copse(words);
    assert.is(ran.code, code, words.join(" "));
    assert.match(ran.stderr, said);
    assert.not.match(ran.stdout + ran.stderr, /\u001b/);
  }
  const node = `'${process.execPath}' '${builtCli}'`;
  const dumb = terminal(box, `TERM=dumb ${node} watch`);
  assert.is(await dumb.ended, 2);
  assert.match(dumb.all(), /this terminal cannot be drawn on \(TERM=dumb\)\r\n {2}Plain lines: copse tasks --all --watch/);
  assert.not.match(dumb.all(), /\u001b/);
  const nowhere = terminal(box, `cd '${box.dir}' && ${node} watch --here`);
  assert.is(await nowhere.ended, 3);
  assert.match(nowhere.all(), /is not inside a git repository/);
  assert.not.match(nowhere.all(), /\u001b/);
});

test.run();
