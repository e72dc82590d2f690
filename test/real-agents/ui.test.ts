/** The dashboard over the real Claude Code: its permissions and questions as the page gets them, and the levers that answer. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { text, toolResults, toolUse } from "../support/messages-api.ts";
import { uiClient } from "../support/ui-client.ts";
import { Follower } from "../support/ui-follower.ts";
import { byPrompt, waitFor, world } from "./world.ts";

const files = { "mark.cjs": 'require("fs").appendFileSync("marks", process.argv[2] + "\\n"); console.log("marked")\n' };
const question = {
  question: "Which database?",
  header: "Database",
  multiSelect: false,
  options: [
    { label: "Postgres", description: "a server" },
    { label: "SQLite", description: "a file" },
  ],
};

test("a permission is approved, another denied with a reason, a question answered, from the page's side", async () => {
  const box = await world(
    byPrompt({
      "Do allow": (body) =>
        toolResults(body).length === 0 ? toolUse("Bash", { command: "node mark.cjs yes", description: "Mark" }) : text("Marked."),
      "Do deny": (body) =>
        toolResults(body).length === 0
          ? toolUse("Bash", { command: "node mark.cjs no", description: "Mark" })
          : text(`Heard: ${toolResults(body)[0]?.text}`),
      "Do ask": (body) =>
        toolResults(body).length === 0
          ? toolUse("AskUserQuestion", { questions: [question] })
          : text(`Heard: ${toolResults(body)[0]?.text}`),
    }),
    { files },
  );
  const client = await uiClient(box);
  const follower = new Follower(client);
  const row = (label: string) => [...follower.rows.values()].find((one) => one.label === label);
  const until = (label: string, state: string) =>
    waitFor(() => (row(label)?.state === state ? row(label) : undefined), `${label} to be ${state}`);
  try {
    follower.start();
    for (const label of ["allow", "deny", "ask"]) {
      const done = await client.press({ do: "run", repo: box.repo, fields: { prompt: `Do ${label}`, label } });
      assert.is(done.exitCode, 0, JSON.stringify(done));
    }
    const [allow, deny, ask] = await Promise.all(["allow", "deny", "ask"].map((label) => until(label, "blocked")));
    assert.equal([allow?.needs?.kind, allow?.needs?.text], ["permission", "Bash: node mark.cjs yes"]);
    assert.equal([ask?.needs?.kind, ask?.needs?.options?.length], ["question", 2]);
    assert.is((await client.press({ do: "approve", task: allow?.id as string })).exitCode, 0);
    assert.is((await client.press({ do: "deny", task: deny?.id as string, why: "--not on main" })).exitCode, 0);
    assert.is((await client.press({ do: "send", task: ask?.id as string, text: "2" })).exitCode, 0);
    for (const label of ["allow", "deny", "ask"]) await until(label, "completed");
    assert.is(box.git(["show", "copse/allow:marks"]), "yes\n");
    assert.match((await box.task("deny")).result.summary, /--not on main/);
    assert.match((await box.task("ask")).result.summary, /SQLite/);
    assert.is((await client.press({ do: "approve", task: allow?.id as string })).exitCode, 4, "nothing is asked any more");
    const log = await client.get(`/api/tasks/${allow?.id}/log`);
    assert.ok(
      log.lines.some((line: any) => line.kind === "tool" && line.text === "Bash node mark.cjs yes"),
      JSON.stringify(log.lines),
    );
    assert.equal(follower.wrong, []);
  } finally {
    await follower.end();
    await box.close();
  }
});

test.run();
