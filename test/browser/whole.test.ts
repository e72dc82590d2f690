/** The dashboard from beginning to end, in a real browser against the real runner: start, be asked, answer, review, go on, merge, clean, restore; and the runner killed in the middle. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { kill, runnerPid, waitFor } from "../support/sandbox.ts";
import { factsOf, nothingComplained, type Opened, sayingWhy, until, type World, world } from "./world.ts";

const label = "ports";
let box: World;
let opened: Opened;
let page: Page;
let go: string;

test.before(
  sayingWhy(async () => {
    box = await world({ files: { "a.txt": "a\n" }, agents: { helper: ["page.sh"] } });
    go = join(box.dir, "go");
    // The agent's own environment is the person's, by name.
    writeFileSync(
      join(box.dir, "home", ".config", "copse", "config.json"),
      JSON.stringify({ notify: { when: "off" }, agents: { helper: { command: [join(box.dir, "helper.sh")] } } }),
    );
    writeFileSync(join(box.dir, "helper.sh"), `#!/bin/sh\nGO='${go}' exec '${join(import.meta.dirname, "..", "agents", "page.sh")}'\n`, {
      mode: 0o755,
    });
    opened = await box.open();
    page = opened.page;
  }),
);
test.after(async () => {
  await box?.close();
});

test("a repository without a task says how to begin", async () => {
  await page.getByRole("heading", { name: "No tasks yet" }).waitFor();
});

test("a task is started from the form, with the command line it shows", async () => {
  await page.getByRole("link", { name: "New task" }).first().click();
  await page.getByLabel("What is to be done").fill("Set the ports");
  await page.getByLabel("Label", { exact: true }).fill(label);
  await page.getByLabel("Agent", { exact: true }).selectOption("helper");
  await page.getByLabel("Checks").fill("grep -q 5432 work.txt");
  const line = await page.locator("form .command code").textContent();
  assert.match(line ?? "", /copse run --background --label=ports --agent=helper '--verify=grep -q 5432 work.txt' 'Set the ports'/);
  await page.getByRole("button", { name: "Start it" }).click();
  await page.getByRole("heading", { name: label }).waitFor();
  await until(box, page, label, "blocked");
});

test("what it asks stands in page, title and list, and is answered by one of its options", async () => {
  const panel = page.locator("#needs");
  await panel.getByText("Which database?").waitFor();
  await waitFor(async () => (await page.title()) === "(1) Copse", "the title to count it");
  await panel.getByRole("button", { name: "Postgres" }).click();
  await panel.getByText("Is work.txt right?").waitFor();
  await until(box, page, label, "blocked");
});

test("the diff is reviewed while it waits: a remark on a line reaches the agent", async () => {
  await page.getByRole("link", { name: "Diff" }).click();
  await page.getByText("database: Postgres").waitFor();
  await page.getByRole("button", { name: "Remark on line 2" }).click();
  await page.getByRole("textbox", { name: "Remark on line 2" }).fill("The port is 5432 <b>here</b>.");
  await page.getByRole("button", { name: "Keep remark" }).click();
  await page.getByRole("button", { name: `Send 1 remark to ${label}` }).click();
  await until(box, page, label, "running");
  const tree = join(box.repo, ".worktrees", "trees", label);
  const told = await waitFor(
    () => (existsSync(join(tree, "told.txt")) ? readFileSync(join(tree, "told.txt"), "utf8") : ""),
    "the agent to be told",
  );
  assert.match(told, /work\.txt:2\n> port: 1\nThe port is 5432 <b>here<\/b>\./);
  assert.is(await page.getByText("1 remark for its agent").count(), 0, "what has arrived is let go of");
});

test("the runner is killed: the page says so, the agent goes on, and the page comes back by itself", async () => {
  kill((await waitFor(() => runnerPid(box.state), "a runner")) as number);
  await page.getByText("The runner is not running").waitFor();
  writeFileSync(go, "");
  assert.is((await box.copse(["ui", "--no-open"])).code, 0);
  await page.getByText("live", { exact: true }).waitFor();
  await until(box, page, label, "completed");
});

test("the page has every fact of the log, in order, once", async () => {
  await page.getByRole("link", { name: "Life" }).click();
  await page.getByText(/Every fact in its log/).click();
  const { tasks } = await box.json(["tasks", "--all"]);
  const { id, repo } = tasks[0];
  assert.is(repo, box.repo);
  const repoId = await page.evaluate(
    async () => ((await (await fetch("/api/tasks")).json()) as { tasks: { repoId: string }[] }).tasks[0]?.repoId ?? "",
  );
  const seen = () => page.locator("[data-fact]").evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-fact"))));
  await waitFor(
    async () => JSON.stringify(await seen()) === JSON.stringify(factsOf(box, repoId, id)),
    "page and log to have the same facts",
  ).catch(async () => assert.equal(await seen(), factsOf(box, repoId, id)));
  assert.equal(
    factsOf(box, repoId, id),
    Array.from({ length: factsOf(box, repoId, id).length }, (_, i) => i + 1),
  );
});

test("its checks stand with their outcome", async () => {
  await page.getByRole("link", { name: "Checks" }).click();
  await page.getByText(/passed ·/).waitFor();
});

test("merge shows its command, then does exactly that", async () => {
  await page.getByRole("button", { name: "Merge …" }).click();
  const dialog = page.getByRole("dialog");
  assert.match((await dialog.locator("code").textContent()) ?? "", /copse merge \w+$/);
  await dialog.getByRole("button", { name: "Merge", exact: true }).click();
  await waitFor(() => existsSync(join(box.repo, "work.txt")), "the work to be in the checkout");
  assert.match(readFileSync(join(box.repo, "work.txt"), "utf8"), /port: 5432/);
});

test("clean looks first, removes, and restore brings it back", async () => {
  const tree = join(box.repo, ".worktrees", "trees", label);
  await page.getByRole("button", { name: "Clean …" }).click();
  await page
    .getByRole("dialog")
    .getByText(/copse clean would remove it/)
    .waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await waitFor(() => !existsSync(tree), "the worktree to be gone");
  await page.getByRole("button", { name: "Restore …" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await waitFor(() => existsSync(join(tree, "work.txt")), "the worktree to be back");
  await page.getByRole("button", { name: "Clean …" }).waitFor();
  const { tasks } = await box.json(["tasks", "--all"]);
  assert.is(tasks[0].worktreeState, "present");
});

test("the browser complained of nothing", () => nothingComplained(opened));

test.run();
