/** The dashboard with the real Claude Code: a permission with its exact command, and a review of work that has ended, taken up in the same session. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openDashboard } from "../browser/dashboard.ts";
import { text, toolUse, turn } from "../support/messages-api.ts";
import { type World, waitFor, world } from "./world.ts";

test("a permission is granted and finished work is reviewed from the page; the session goes on with the remark", async () => {
  const told: string[] = [];
  const box: World = await world(
    (body) => {
      told.push(JSON.stringify(body.messages));
      const replies = [
        toolUse("Bash", { command: "node write.js 1" }),
        text("The port is 1."),
        toolUse("Bash", { command: "node write.js 5432" }),
        text("The port is 5432."),
      ];
      return replies[Math.min(turn(body), replies.length - 1)] as ReturnType<typeof text>;
    },
    { files: { "write.js": 'require("fs").writeFileSync("ports.txt", "port: " + process.argv[2] + "\\n");\n' } },
  );
  const opened = await openDashboard((await box.json(["ui", "--no-open"])).ui.url);
  const { page } = opened;
  try {
    assert.is((await box.copse(["run", "-b", "-l", "ports", "Set the port"])).code, 0);
    await page.getByRole("link", { name: /ports/ }).first().click();
    await page.locator("#needs").getByText("Bash: node write.js 1").waitFor();
    assert.match((await page.locator("#needs code").first().textContent()) ?? "", /copse approve \w+$/);
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    const done = await box.until("ports", "completed");

    await page.getByRole("link", { name: "Diff" }).click();
    await page.getByText("+port: 1").waitFor();
    await page.getByRole("button", { name: "Remark on line 1" }).click();
    await page.getByRole("textbox", { name: "Remark on line 1" }).fill("Postgres listens on 5432.");
    await page.getByRole("button", { name: "Keep remark" }).click();
    await page.getByText("The command this runs").click();
    assert.match(
      (await page.locator(".remarks code").last().textContent()) ?? "",
      /^(?:Command: )?copse retry \w+ &&\ncopse send \w+ -- 'Remarks on the diff:/,
    );
    await page.getByRole("button", { name: "Send 1 remark to ports" }).click();

    await page.locator("#needs").getByText("Bash: node write.js 5432").waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    const again = await box.until("ports", "completed");
    assert.is(again.sessionId, done.sessionId, "the same session");
    const remark = JSON.stringify("ports.txt:1\n> port: 1\nPostgres listens on 5432.").slice(1, -1);
    assert.ok(told.at(-1)?.includes(remark), `the model has the remark: ${told.at(-1)?.slice(-800)}`);
    const file = join(box.tree("ports"), "ports.txt");
    await waitFor(() => existsSync(file) && /5432/.test(readFileSync(file, "utf8")), "the file to be mended");
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByText("+port: 5432").waitFor();
    assert.equal(opened.complaints, []);
  } finally {
    await opened.close();
    await box.close();
  }
});

test.run();
