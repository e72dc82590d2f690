/** What a person is in the middle of: tasks that go on meanwhile, other tabs and other answers take neither words nor focus away, and lead no word elsewhere. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { waitFor } from "../support/sandbox.ts";
import { nothingComplained, type Opened, sayingWhy, until, type World, world } from "./world.ts";

const ids: Record<string, string> = {};
let box: World;
let opened: Opened;
let page: Page;
let go: string;

const background = async (label: string, ...args: string[]) => {
  const ran = await box.copse(["run", "-b", "-q", "-l", label, ...args]);
  assert.is(ran.code, 0, ran.stderr);
  ids[label] = ran.stdout.trim();
};

test.before(
  sayingWhy(async () => {
    box = await world({ files: { "a.txt": "a\n" }, agents: { asks: ["asks.sh"] } });
    go = join(box.dir, "go");
    await background("first", "--agent", "asks", "Ask me");
    await background("second", "--agent", "asks", "Ask me, too");
    await background("works", "--exec", "--", "sh", "-c", `echo b > b.txt; while [ ! -e '${go}' ]; do sleep 0.1; done; echo c >> b.txt`);
    for (const label of ["first", "second"]) await waitFor(async () => (await box.task(label)).state === "blocked", `${label} to ask`);
    assert.is((await box.copse(["runner", "pause"])).code, 0);
    for (const label of ["left", "right"]) await background(label, "--agent", "asks", "Wait");
    opened = await box.open();
    page = opened.page;
  }),
);
test.after(async () => {
  await box?.close();
});

const goTo = async (hash: string) => {
  await page.evaluate((to) => (location.hash = to), hash);
};
const open = async (label: string, tab = "") => {
  await goTo(`#/task/${ids[label]}${tab}`);
  await page.locator(`[data-view="${ids[label]}"]`).waitFor();
};
const focused = () => page.evaluate(() => document.activeElement?.id ?? "");

test("words for one task do not go to another, and are there again with their own", async () => {
  await open("left");
  await page.getByRole("button", { name: "Tell it something" }).click();
  await page.getByLabel("What its agent should know").fill("Only left.");
  await open("right");
  assert.is(await page.getByLabel("What its agent should know").count(), 0);
  await open("left");
  assert.is(await page.getByLabel("What its agent should know").inputValue(), "Only left.");
  await page.getByRole("button", { name: "Cancel" }).click();
  assert.is(await page.getByLabel("What its agent should know").count(), 0);
});

test("a form of a new task takes what is typed at once, begins with the repository one comes from, and keeps it", async () => {
  await open("right");
  await page.locator("#main").focus();
  await page.keyboard.press("n");
  await page.locator("#f-prompt:focus").waitFor();
  await page.keyboard.type("stop and start");
  assert.is(await page.getByLabel("What is to be done").inputValue(), "stop and start");
  assert.is(await page.getByRole("dialog").count(), 0);
  await page.reload();
  await page.getByText("live", { exact: true }).waitFor();
  assert.is(await page.getByLabel("What is to be done").inputValue(), "stop and start");
  await page.getByRole("button", { name: "Clear" }).click();
});

test("keys that answer are about the task that is chosen, not about the one that still stands there", async () => {
  await open("first");
  await page.locator("#answer").waitFor();
  await page.locator(`[data-task="${ids["second"]}"]`).focus();
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await waitFor(async () => (await page.locator('.row[aria-current="true"]').getAttribute("data-task")) !== null, "a row to be chosen");
  const chosen = (await page.locator('.row[aria-current="true"]').getAttribute("data-task")) as string;
  await open(chosen === ids["first"] ? "second" : "first");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  // The view follows the address, the keys the row: one step away is the other.
  await page.keyboard.press(chosen === ids["first"] ? "k" : "j");
  const target = (await page.locator('.row[aria-current="true"]').getAttribute("data-task")) as string;
  await page.keyboard.press("a");
  await page.locator(`[data-view="${target}"] #answer:focus`).waitFor();
});

test("an answer that somebody else gave first leaves what was being written as words for its agent", async () => {
  await open("second");
  await page.locator("#answer").fill("Half a sentence");
  assert.is((await box.copse(["send", "second", "b"])).code, 0);
  await until(box, page, "second", "queued");
  assert.is(await page.locator("#answer").count(), 0);
  assert.is(await page.getByLabel("What its agent should know").inputValue(), "Half a sentence");
  assert.is(await focused(), "main", "the focus is not nowhere");
  await page.getByRole("button", { name: "Cancel" }).click();
});

test("a remark that is being written outlives the end of its task, and its lines stay until it is kept", async () => {
  await open("works", "/diff");
  await page.getByRole("button", { name: "Remark on line 1" }).click();
  const field = page.getByRole("textbox", { name: "Remark on line 1" });
  await field.pressSequentially("Not b");
  writeFileSync(go, "");
  await until(box, page, "works", "completed");
  await page.getByText("works has gone on: it is completed now.").waitFor();
  await field.pressSequentially(", but d.");
  assert.is(await field.inputValue(), "Not b, but d.");
  await page.getByRole("button", { name: "Keep remark" }).click();
  await page.getByText("1 remark for its agent").waitFor();
  await page.getByRole("button", { name: "Remark on line 2" }).waitFor();
  assert.is(await page.getByText("has gone on: it is").count(), 0);
  await page.locator(".talk").getByText("Not b, but d.").waitFor();
});

test("a remark made in another tab stands in this one, and the other way round", async () => {
  const other = await opened.context.newPage();
  await other.goto(`${new URL(page.url()).origin}/#/task/${ids["works"]}/diff`);
  await other.getByText("1 remark for its agent").waitFor();
  await other.getByRole("button", { name: "Remark on line 2" }).click();
  await other.getByRole("textbox", { name: "Remark on line 2" }).fill("And no c.");
  await other.getByRole("button", { name: "Keep remark" }).click();
  await page.getByText("2 remarks for its agent").waitFor();
  await page
    .getByRole("button", { name: /Take back the remark on b.txt line/ })
    .first()
    .click();
  await other.getByText("1 remark for its agent").waitFor();
  await other.close();
  await page.getByRole("button", { name: /Take back the remark on b.txt line/ }).click();
});

test("a command that takes its time closes no question that was asked after it", async () => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/api/lever", async (route) => {
    await held;
    await route.continue();
  });
  await open("left");
  await page.getByRole("button", { name: "Stop …" }).click();
  await page.getByRole("button", { name: "Stop it" }).click();
  await page.keyboard.press("Escape");
  await open("right");
  await page.getByRole("button", { name: "Stop …" }).click();
  answer();
  await until(box, page, "left", "stopped");
  await page.locator(".said-last").getByText("Done.").waitFor();
  assert.ok(await page.getByRole("dialog").getByText("Stop right?").isVisible());
  await page.unroute("**/api/lever");
});

test("a row that moves in its list keeps the focus; what is gone leaves it with the view", async () => {
  await page.keyboard.press("Escape");
  await page.locator(`[data-task="${ids["right"]}"]`).focus();
  assert.is((await box.copse(["stop", "right"])).code, 0);
  await until(box, page, "right", "stopped");
  assert.is(await page.evaluate(() => document.activeElement?.getAttribute("data-task")), ids["right"]);
  await open("first");
  await page.getByRole("button", { name: "Stop …" }).focus();
  assert.is((await box.copse(["stop", "first"])).code, 0);
  await until(box, page, "first", "stopped");
  await waitFor(async () => (await page.getByRole("button", { name: "Stop …" }).count()) === 0, "the button to be gone");
  assert.is(await focused(), "main");
});

test("what came of a command with a page of text takes a corner, not the page", async () => {
  await goTo("#/new");
  await page.getByLabel("What is to be done").fill("word ".repeat(4000));
  await page.getByLabel("Label", { exact: true }).fill("right/");
  await page.getByLabel("Base").fill("no-such-ref");
  await page.getByRole("button", { name: "Start it" }).click();
  const card = page.locator(".said-last [role=alert]").last();
  await card.waitFor();
  const { height } = (await card.boundingBox()) as { height: number };
  assert.ok(height < 300, `${height} px`);
  const line = (await page.locator("form .command").boundingBox()) as { height: number };
  assert.ok(line.height < 300, `the command line: ${line.height} px`);
  await card.getByRole("button", { name: "Close" }).click();
  await card.waitFor({ state: "detached" });
});

test("the browser complained of nothing", () => nothingComplained(opened));

test.run();
