/** Claude Code behind Claude Code: a task that waits for another starts from that one's branch once it has ended well; when it does not, all that waits is skipped or held, and says so everywhere. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type MessagesBody, text, toolUse, turn, userTexts } from "../support/messages-api.ts";
import { byPrompt, gate, type World, waitFor, world } from "./world.ts";

/** What a desktop was told, a line a notification. */
function desktop(box: World): () => string {
  const file = join(box.dir, "told");
  const program = join(box.dir, "bin", "notify-send");
  writeFileSync(program, `#!/bin/sh\nprintf '%s ' "$@" | tr '\\n' ' ' >> '${file}'\necho >> '${file}'\n`);
  chmodSync(program, 0o755);
  return () => (existsSync(file) ? readFileSync(file, "utf8") : "");
}

const asked = (box: World, word: string): boolean => box.api.main().some(({ body }) => body && userTexts(body).join().includes(word));

test("--after a --base @a: it starts when a has ended, in a worktree with what a committed", async () => {
  const held = gate();
  const box = await world(
    byPrompt({
      FIRST: async (body: MessagesBody) => {
        if (turn(body) > 0) return text("The API is written.");
        await held.opened;
        return toolUse("Write", { file_path: join(box.tree("a"), "api.txt"), content: "GET /users\n" });
      },
      SECOND: (body: MessagesBody) =>
        turn(body) === 0
          ? toolUse("Write", {
              file_path: join(box.tree("b"), "docs.txt"),
              content: `Documents: ${readFileSync(join(box.tree("b"), "api.txt"), "utf8")}`,
            })
          : text("Documented."),
    }),
  );
  try {
    const first = await box.alias(`claude -w --background --label a "FIRST: write the API"`);
    assert.is(first.code, 0, first.stderr);
    const second = await box.alias(`claude -w --background --label b --after a --base @a "SECOND: document it"`);
    assert.is(second.code, 0, second.stderr);
    await waitFor(() => asked(box, "FIRST"), "a to be asked");
    const waiting = await box.task("b");
    assert.equal(
      [waiting.state, waiting.worktree, waiting.waitingFor.kind, waiting.waitingFor.text],
      ["queued", null, "task", "waits for a"],
    );
    assert.match((await box.copse(["tasks"])).stdout, /○ b +queued +waits for a$/m);
    assert.match((await box.copse(["show", "b"])).stdout, /waits for a/);
    assert.not(existsSync(box.tree("b")) || asked(box, "SECOND"), "not begun");
    held.open();
    const b = await box.until("b", "completed");
    const a = await box.task("a");
    assert.ok(b.startedAt >= a.endedAt, `${b.startedAt} after ${a.endedAt}`);
    assert.is(b.base, box.git(["rev-parse", "copse/a"]).trim());
    assert.is(box.git(["show", "copse/b:docs.txt"]), "Documents: GET /users\n");
    assert.is(box.git(["show", "copse/b:api.txt"]), "GET /users\n");
  } finally {
    await box.close();
  }
});

test("when a fails, what waits for it is skipped or held by its policy; tasks, show and a notification say so; a new attempt goes on", async () => {
  const held = gate();
  let mended = false;
  const box = await world(
    byPrompt({
      FIRST: async () => {
        await held.opened;
        return mended
          ? text("Done.")
          : { kind: "error", status: 400, headers: {}, body: { type: "error", error: { type: "invalid_request_error", message: "no" } } };
      },
      SKIPPED: [text("Done.")],
      HELD: [text("Done.")],
    }),
  );
  const told = desktop(box);
  try {
    for (const line of [
      `claude -w --background --label a "FIRST: go"`,
      `claude -w --background --label b --after a "SKIPPED: go on"`,
      `claude -w --background --label c --after a --on-failure hold "HELD: go on"`,
    ]) {
      const ran = await box.alias(line);
      assert.is(ran.code, 0, ran.stderr);
    }
    held.open();
    await box.until("a", "failed");
    const b = await box.until("b", "stopped");
    assert.equal([b.failure.code, b.failure.message, b.startedAt], ["PREREQUISITE_FAILED", "skipped: a failed", null]);
    const c = await waitFor(async () => {
      const task = await box.task("c");
      return task.waitingFor?.needsPerson === true ? task : undefined;
    }, "c to be held");
    assert.equal([c.state, c.waitingFor.text], ["queued", "held: a failed; copse retry a"]);
    const { stdout } = await box.copse(["tasks"]);
    assert.match(stdout, /✗ b +stopped .*skipped: a failed/);
    assert.match(stdout, /○ c +queued +held: a failed; copse retry a/);
    assert.match((await box.copse(["show", "b"])).stdout, /skipped: a failed[\s\S]*copse retry a b/);
    assert.match((await box.copse(["show", "c"])).stdout, /held: a failed; copse retry a/);
    await waitFor(() => ["a failed", "b was skipped", "c is held"].every((words) => told().includes(words)), "all three to be told");
    assert.is(told().match(/b was skipped/g)?.length, 1);
    assert.match(told(), /c is held.*copse retry a/);
    assert.not(asked(box, "SKIPPED") || asked(box, "HELD"), "neither has begun");
    mended = true;
    assert.is((await box.copse(["retry", "a"])).code, 0);
    await box.until("c", "completed");
    assert.is((await box.task("b")).state, "stopped", "what was skipped stays so until somebody tries it again");
    assert.is((await box.copse(["retry", "b"])).code, 0);
    await box.until("b", "completed");
  } finally {
    await box.close();
  }
});

test("a label that is none is asked about, and a circle is refused with the way it goes", async () => {
  const held = gate();
  const box = await world(
    byPrompt({
      // Its agent asks for a task behind the one that waits for itself, and would wait for that.
      FIRST: async (body: MessagesBody) => {
        if (turn(body) > 0) return text("It was refused.");
        await held.opened;
        return toolUse("Bash", {
          command: "copse run --label c --after b 'THIRD: go' > said.txt 2>&1; echo \"code $?\" >> said.txt",
          description: "Ask",
        });
      },
      SECOND: [text("Done.")],
    }),
    { files: { ".claude/settings.json": '{"permissions":{"allow":["Bash(copse run:*)","Bash(echo:*)"]}}\n' } },
  );
  try {
    await box.alias(`claude -w --background --label alpha "FIRST: go"`);
    const wrong = await box.alias(`claude -w --background --label b --after alhpa "SECOND: go"`);
    assert.is(wrong.code, 3);
    assert.match(wrong.stderr, /no task is named "alhpa"[\s\S]*Did you mean alpha\?/);
    assert.is((await box.alias(`claude -w --background --label b --after alpha "SECOND: go"`)).code, 0);
    held.open();
    await box.until("alpha", ["completed", "blocked"]);
    const alpha = await box.task("alpha");
    if (alpha.state === "blocked") {
      assert.is((await box.copse(["approve", "alpha"])).code, 0);
      await box.until("alpha", "completed");
    }
    const said = box.git(["show", "copse/alpha:said.txt"]);
    assert.match(said, /alpha would wait here for a task that waits for alpha itself \(alpha → b → alpha\)/);
    assert.match(said, /Submit it with -b/);
    assert.match(said, /code 4/);
    await box.until("b", "completed");
    assert.equal((await box.json(["tasks"])).tasks.map(({ label }: any) => label).sort(), ["alpha", "b"]);
  } finally {
    await box.close();
  }
});

test.run();
