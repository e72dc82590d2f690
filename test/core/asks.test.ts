/** Blocked or not, by the last message: a corpus of endings as agents write them. The figures are printed; the bounds are the issue's. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { questionAtEnd } from "../../src/core/asks.ts";

interface Ending {
  readonly agent: string;
  readonly text: string;
  readonly blocked: boolean;
}

const endings = JSON.parse(readFileSync(new URL("../recordings/endings.json", import.meta.url), "utf8")) as Ending[];

test("tells a question from an ending: precision at least 0.99, recall at least 0.95", () => {
  assert.ok(endings.length >= 100, `${endings.length} endings`);
  const seen = endings.map((ending) => ({ ...ending, asked: questionAtEnd(ending.text) !== undefined }));
  const right = seen.filter((one) => one.blocked && one.asked).length;
  const asked = seen.filter((one) => one.asked).length;
  const blocked = seen.filter((one) => one.blocked).length;
  const precision = right / asked;
  const recall = right / blocked;
  console.log(`${endings.length} endings, ${blocked} blocked: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`);
  const wrong = seen.filter((one) => one.blocked !== one.asked).map((one) => `${one.blocked ? "missed" : "false alarm"}: ${one.text}`);
  assert.ok(precision >= 0.99 && recall >= 0.95, `\n${wrong.join("\n")}`);
});

test("gives the question itself", () => {
  assert.is(questionAtEnd("I found two. **Which column keeps the old id?**"), "Which column keeps the old id?");
  assert.is(questionAtEnd("Which one?\n- a\n- b"), "Which one?");
  assert.is(questionAtEnd("```\nwhich?\n```"), undefined);
  assert.is(questionAtEnd(""), undefined);
});

test.run();
