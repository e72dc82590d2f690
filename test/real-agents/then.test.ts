/** Claude Code in a chain: three prompts in one session, each behind the conversation so far; the prompt is back before the first follow-up has been answered. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { text, toolUse, userTexts } from "../support/messages-api.ts";
import { kill, runnerPid } from "../support/sandbox.ts";
import { gate, recorded, waitFor, world } from "./world.ts";

const prompts = ["Answer this: what does it do?", "Now write the tests", "Update the changelog"] as const;

test("follow-ups run in the session of the prompt, in order, also when the runner is killed in the middle of one", async () => {
  const held = gate();
  const box = await world(async (body) => {
    const said = userTexts(body);
    const at = prompts.findLastIndex((prompt) => said.includes(prompt));
    const last = body.messages.at(-1);
    const isAsked = last?.role === "user" && userTexts({ ...body, messages: [last] }).includes(prompts[at] as string);
    if (at === 0) return text("It adds numbers.");
    if (at === 1) await held.opened;
    const file = at === 1 ? "tests.txt" : "changelog.txt";
    return isAsked ? toolUse("Write", { file_path: join(box.tree("docs"), file), content: `${file}\n` }) : text(`Wrote ${file}.`);
  });
  try {
    const ran = await box.copse(["run", "-l", "docs", "--then", prompts[1], "--then", prompts[2], prompts[0]]);
    assert.is(ran.code, 0, ran.stdout + ran.stderr);
    assert.match(ran.stdout, /\nIt adds numbers\.\n$/);
    assert.is(existsSync(join(box.tree("docs"), "tests.txt")), false, "the follow-up has not been answered yet");
    await waitFor(() => box.api.main().some(({ body }) => body && userTexts(body).includes(prompts[1])), "the follow-up to be asked");
    const open = await box.until("docs", "running");
    assert.equal([open.chain.done, open.chain.total, open.chain.step], [0, 2, 1]);
    kill(runnerPid(box.state) as number);
    held.open();
    assert.is((await box.copse(["wait", "docs"])).code, 0);
    const done = await box.task("docs");
    assert.equal([done.state, done.attempt, done.chain.done, done.sessionId], ["completed", 3, 2, open.sessionId]);
    assert.equal(
      done.chain.steps.map(({ summary }: any) => summary),
      ["It adds numbers.", "Wrote tests.txt.", "Wrote changelog.txt."],
    );
    for (const file of ["tests.txt", "changelog.txt"]) assert.is(box.git(["show", `copse/docs:${file}`]), `${file}\n`);
    // Every request carries the conversation so far, and each prompt stands in it once.
    const asked = box.api
      .main()
      .map(({ body }) => (body ? userTexts(body).filter((said) => prompts.some((prompt) => said === prompt)) : []));
    assert.equal(asked, [[prompts[0]], [...prompts.slice(0, 2)], [...prompts.slice(0, 2)], [...prompts], [...prompts]]);
    const second = box.api.main()[1]?.body;
    assert.ok(JSON.stringify(second?.messages).includes("It adds numbers."), "the second request contains the first answer");
    const ids = [1, 2, 3].map((attempt) => recorded(box, { ...done, attempt }).find((line) => line.subtype === "init")?.session_id);
    assert.equal(ids, [done.sessionId, done.sessionId, done.sessionId]);
  } finally {
    await box.close();
  }
});

test("a follow-up that was cut off is named again when it goes on", async () => {
  const held = gate();
  const box = await world(async (body) => {
    const said = userTexts(body);
    if (said.some((words) => words.startsWith("You were interrupted."))) return text("Wrote the tests after all.");
    if (said.includes(prompts[1])) await held.opened;
    return text("It adds numbers.");
  });
  try {
    await box.copse(["run", "-b", "-l", "docs", "--then", prompts[1], prompts[0]]);
    await waitFor(() => box.api.main().some(({ body }) => body && userTexts(body).includes(prompts[1])), "the follow-up to be asked");
    await box.copse(["stop", "docs"]);
    const stopped = await box.until("docs", "stopped");
    assert.equal(
      stopped.chain.steps.map(({ state }: any) => state),
      ["completed", "stopped"],
    );
    held.open();
    await box.copse(["retry", "docs"]);
    const done = await box.until("docs", "completed");
    assert.is(done.chain.steps[1].summary, "Wrote the tests after all.");
    const last = box.api.main().at(-1)?.body;
    assert.match(
      userTexts(last as never).at(-1) ?? "",
      /^You were interrupted\. Go on with what you were asked last where you stopped:\n\nNow write the tests$/,
    );
  } finally {
    await box.close();
  }
});

test.run();
