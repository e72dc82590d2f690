/** Claude Code reads a file for `@path` in a prompt. One that stands in an issue's text is none of a stranger's business, and stays unread. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { tasksFor, usualPrompt } from "../../src/batch/issues.ts";
import type { Issue } from "../../src/core/issues.ts";
import { text } from "../support/messages-api.ts";
import { world } from "./world.ts";

const issue: Issue = {
  number: 12,
  title: "See @docs/key.txt",
  body: 'Look at @docs/key.txt\n@./docs/key.txt "@docs/key.txt" (@docs/key.txt)\n> @docs/key.txt',
  url: "https://forge.example/me/project/issues/12",
  labels: ["bug", "@docs/key.txt"],
  assignees: [],
  milestone: null,
  state: "open",
};

test("a person's @path is read, an issue's is not", async () => {
  const box = await world(() => text("Done."), { files: { "docs/key.txt": "THE-WORD-IN-THE-FILE\n" } });
  try {
    const told = () => box.api.requests.some((call) => JSON.stringify(call).includes("THE-WORD-IN-THE-FILE"));
    const [task] = tasksFor([issue], usualPrompt, {}, true);
    await box.copse(["run", "-b", "-l", "issue", task?.prompt ?? ""]);
    await box.until("issue", "completed");
    assert.ok(box.api.requests.some((call) => JSON.stringify(call).includes("docs/key.txt")));
    assert.not.ok(told(), "of the issue");
    await box.copse(["run", "-b", "-l", "mine", "Look at @docs/key.txt"]);
    await box.until("mine", "completed");
    assert.ok(told(), "of the person");
  } finally {
    await box.close();
  }
});

test.run();
