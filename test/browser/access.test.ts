/** The dashboard for everybody: no view that axe finds fault with, in light and dark; everything that can be done, done by keyboard alone; nothing wider than a narrow screen. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { kill, runnerPid, waitFor } from "../support/sandbox.ts";
import { nothingComplained, type Opened, sayingWhy, until, type World, world } from "./world.ts";

const ids: Record<string, string> = {};
let box: World;
let opened: Opened;
let page: Page;

test.before(
  sayingWhy(async () => {
    box = await world({ files: { "a.txt": "a\n" }, agents: { asks: ["asks.sh"], page: ["page.sh"] } });
    const background = async (label: string, ...args: string[]) => {
      const ran = await box.copse(["run", "-b", "-q", "-l", label, ...args]);
      assert.is(ran.code, 0, ran.stderr);
      ids[label] = ran.stdout.trim();
    };
    await background("asks", "--agent", "asks", "Ask me");
    await background("review", "--agent", "page", "--verify", "grep -q 5432 work.txt", "Set the port");
    await background(
      "works",
      "--tag",
      "nightly",
      "--exec",
      "--",
      "sh",
      "-c",
      'echo line; echo \'{"copse":"activity","text":"85 files processed"}\'; echo x > a.txt; exec sleep 600',
    );
    await background("fails", "--exec", "--", "sh", "-c", "echo oh no >&2; exit 3");
    await background("done", "--verify", "cat b.txt", "--verify", "false", "--exec", "--", "sh", "-c", "echo b > b.txt; echo c > a.txt");
    await waitFor(async () => ["failed", "completed"].includes((await box.task("done")).state), "done to end");
    assert.is((await box.copse(["runner", "pause"])).code, 0);
    writeFileSync(
      join(box.repo, "nightly.yaml"),
      `name: nightly\nlimit: 2\ntasks:\n  first: { exec: ["true"] }\n  second: { exec: ["true"], needs: [first] }\n  third: { exec: ["true"], needs: [first] }\n  last: { exec: ["true"], needs: [second, third] }\n`,
    );
    const batch = await box.copse(["batch", "nightly.yaml", "-b"]);
    assert.is(batch.code, 0, batch.stderr);
    await waitFor(
      async () => (await box.task("asks")).state === "blocked" && (await box.task("review")).state === "blocked",
      "both to ask",
    );
    opened = await box.open();
    page = opened.page;
  }),
);
test.after(async () => {
  await box?.close();
});

/** In a world of its own, which the page's policy does not reach and the page cannot touch. */
async function faults(where: string): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", {
    frameId: frameTree.frame.id,
    worldName: "axe",
  });
  await session.send("Runtime.evaluate", { contextId, expression: `${axe.source};0` });
  const { result } = await session.send("Runtime.evaluate", {
    contextId,
    awaitPromise: true,
    returnByValue: true,
    expression: `axe.run(document, { resultTypes: ["violations", "incomplete"] }).then((found) => found.violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html, failureSummary }) => html.slice(0, 160) + " " + failureSummary).join(" | ")))`,
  });
  await session.detach();
  if (!Array.isArray(result.value)) throw new Error(`axe did not answer: ${JSON.stringify(result)}`);
  return (result.value as string[]).map((fault) => `${where}: ${fault}`);
}

const goTo = async (hash: string) => {
  await page.evaluate((to) => (location.hash = to), hash);
  await page.waitForTimeout(350);
};
const views = () => [
  "#/",
  `#/task/${ids["asks"]}`,
  `#/task/${ids["works"]}`,
  `#/task/${ids["works"]}/log`,
  `#/task/${ids["fails"]}`,
  `#/task/${ids["done"]}/diff`,
  `#/task/${ids["done"]}/checks`,
  `#/task/${ids["done"]}/report`,
  "#/task/nobody",
  "#/new",
  "#/queue",
  "#/batches",
  "#/timeline",
  "#/overlaps",
  "#/clean",
];

for (const colorScheme of ["light", "dark"] as const)
  test(`axe finds no fault with any view (${colorScheme})`, async () => {
    await page.emulateMedia({ colorScheme });
    const found: string[] = [];
    for (const view of views()) {
      await goTo(view);
      found.push(...(await faults(view)));
    }
    await goTo("#/batches");
    await page.getByRole("link", { name: "nightly" }).click();
    await page.getByRole("heading", { name: "nightly" }).waitFor();
    found.push(...(await faults("batch")));
    await goTo(`#/task/${ids["done"]}`);
    for (const name of ["Merge …", "Open PR …", "Clean …"]) {
      await page.getByRole("button", { name }).click();
      await page.getByRole("dialog").waitFor();
      found.push(...(await faults(name)));
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    await page.keyboard.press("?");
    found.push(...(await faults("keys")));
    await page.keyboard.press("Escape");
    await goTo("#/new");
    await page.getByText("More: order").click();
    await page.getByRole("button", { name: "Start it" }).click();
    found.push(...(await faults("form with a mistake")));
    assert.equal(found, []);
  });

test("nothing is wider than a screen of 320 pixels", async () => {
  await page.setViewportSize({ width: 320, height: 640 });
  const wide: string[] = [];
  for (const view of views()) {
    await goTo(view);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 320) wide.push(`${view}: ${width}`);
    assert.ok(await page.getByRole("link", { name: "New task" }).first().isVisible(), `${view}: a new task can be begun`);
  }
  assert.equal(wide, []);
  await page.setViewportSize({ width: 1280, height: 900 });
});

test("nothing turns for those who asked for less motion", async () => {
  const turning = () =>
    page
      .locator(".row .mark-running")
      .first()
      .evaluate((mark) => getComputedStyle(mark).animationName);
  assert.is(await turning(), "turn");
  await page.emulateMedia({ reducedMotion: "reduce" });
  assert.is(await turning(), "none");
  await page.emulateMedia({ reducedMotion: null });
});

/** Presses Tab until the focus is on what is called so; fails when it has come round. */
async function tabTo(name: string | RegExp, most = 80): Promise<void> {
  const seen: string[] = [];
  for (let n = 0; n < most; n++) {
    await page.keyboard.press("Tab");
    const said = await page.evaluate(() => {
      const element = document.activeElement;
      if (!(element instanceof HTMLElement)) return "";
      const label =
        element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement
          ? (element.labels?.[0]?.textContent ?? "")
          : "";
      return (element.getAttribute("aria-label") ?? (label || element.textContent || "")).trim();
    });
    seen.push(said);
    if (typeof name === "string" ? said === name : name.test(said)) return;
  }
  throw new Error(`the tab key does not come to ${name}: ${seen.join(" / ")}`);
}

const focused = () => page.evaluate(() => document.activeElement?.getAttribute("data-task") ?? document.activeElement?.id ?? "");

test("j and k walk the list, Enter opens, the filter is a key away", async () => {
  await goTo("#/");
  await page.locator("body").click({ position: { x: 5, y: 895 } });
  await page.keyboard.press("j");
  await waitFor(async () => (await focused()) !== "", "a row to have the focus");
  const first = await focused();
  await page.keyboard.press("j");
  await waitFor(async () => (await focused()) !== first, "the next row to have it");
  await page.keyboard.press("k");
  await waitFor(async () => (await focused()) === first, "the first to have it again");
  await page.keyboard.press("Enter");
  await page.getByRole("article").waitFor();
  await page.keyboard.press("/");
  assert.is(await focused(), "filter");
  await page.keyboard.type("works");
  await waitFor(async () => (await page.locator(".row").count()) === 1, "the filter to leave one");
  await page.keyboard.press("Escape");
  await waitFor(async () => (await page.locator(".row").count()) > 1, "all to be back");
  await page.keyboard.press("Escape");
});

test("a question is answered by keyboard alone, and a dialog keeps the focus and gives it back", async () => {
  await goTo(`#/task/${ids["asks"]}`);
  await page.keyboard.press("a");
  await waitFor(async () => (await focused()) === "answer", "the answer's field to have the focus");
  await page.keyboard.type("a");
  await page.keyboard.press("Escape");
  await page.keyboard.press("s");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  for (let n = 0; n < 12; n++) {
    await page.keyboard.press("Tab");
    assert.ok(
      await page.evaluate(
        () => document.activeElement === document.body || document.querySelector("dialog")?.contains(document.activeElement),
      ),
      "the focus is inside",
    );
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.locator("#answer").focus();
  await tabTo("Answer");
  assert.is((await box.copse(["runner", "resume"])).code, 0);
  await page.keyboard.press("Enter");
  await waitFor(
    async () => (await box.task("asks")).state !== "blocked" || (await box.task("asks")).since !== null,
    "the answer to arrive",
  );
  await waitFor(
    async () => (await box.json(["show", "asks"])).events.some((event: { type: string }) => event.type === "answered"),
    "the answer in its log",
  );
});

test("a review is written and sent by keyboard alone", async () => {
  await goTo(`#/task/${ids["review"]}`);
  await page.getByRole("button", { name: "Postgres" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Is work.txt right?").first().waitFor();
  await page.keyboard.press("d");
  await page.getByText("port: 1").waitFor();
  await page.keyboard.press("]");
  await tabTo(/^Remark on line 1$/);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await waitFor(
    async () => await page.evaluate(() => document.activeElement?.tagName === "TEXTAREA"),
    "the remark's field to have the focus",
  );
  await page.keyboard.type("it is 5432");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("heading", { name: "1 remark for its agent" }).waitFor();
  await tabTo("Send 1 remark to review");
  await page.keyboard.press("Enter");
  await until(box, page, "review", "completed");
});

test("stop, retry, merge, clean and restore are done by keyboard alone", async () => {
  await goTo(`#/task/${ids["works"]}`);
  await page.keyboard.press("s");
  await page.getByRole("dialog").waitFor();
  await tabTo("Stop it", 6);
  await page.keyboard.press("Enter");
  await until(box, page, "works", "stopped");
  await goTo(`#/task/${ids["fails"]}`);
  await page.keyboard.press("r");
  await page.getByRole("dialog").waitFor();
  await tabTo("Try again", 6);
  await page.keyboard.press("Enter");
  await waitFor(async () => (await box.task("fails")).attempt === 2, "a second attempt");
  await goTo(`#/task/${ids["review"]}`);
  for (const [button, word] of [
    ["Merge …", "Merge"],
    ["Clean …", "Remove"],
    ["Restore …", "Restore"],
  ] as const) {
    await page.getByRole("button", { name: button }).waitFor();
    await page.locator("#main").focus();
    await tabTo(button);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: word, exact: true }).and(page.locator(":enabled")).waitFor();
    await tabTo(word, 12);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  await waitFor(async () => (await box.task("review")).worktreeState === "present", "its worktree to be back");
});

test("the queue is reordered, limited and paused by keyboard alone", async () => {
  assert.is((await box.copse(["runner", "pause"])).code, 0);
  for (const label of ["one", "two"]) assert.is((await box.copse(["run", "-b", "-l", label, "--agent", "asks", "Ask"])).code, 0);
  await goTo("#/queue");
  await page.getByRole("button", { name: "To front: two" }).focus();
  await page.keyboard.press("Enter");
  await waitFor(async () => (await box.task("two")).waitingFor?.position === 1, "two to be first");
  await page.getByLabel("Tasks at once, on this machine").fill("2");
  await page.keyboard.press("Enter");
  await waitFor(async () => (await box.json(["runner", "status"])).runner?.limit === 2, "the limit to be 2");
  await page.getByRole("button", { name: "Go on …" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await tabTo("Go on", 6);
  await page.keyboard.press("Enter");
  await until(box, page, "two", "blocked");
});

test("axe finds no fault with a page whose runner has gone, or that may not look", async () => {
  kill((await waitFor(() => runnerPid(box.state), "a runner")) as number);
  await page.getByText("The runner is not running").waitFor();
  const found = await faults("lost");
  assert.is((await box.copse(["ui", "--no-open"])).code, 0);
  await page.getByText("live", { exact: true }).waitFor();
  await page.context().clearCookies();
  await page.reload();
  await page.getByText("This page may not look").waitFor();
  found.push(...(await faults("out")));
  assert.equal(found, []);
});

test("the browser complained of nothing but of being refused", () =>
  nothingComplained({ ...opened, complaints: opened.complaints.filter((one) => !/status of (?:401|404)/.test(one)) }));

test.run();
