/** A slow way to the runner, a way that is cut, no runner, no cookie: the page says which it is and what to do next, and comes right by itself when it can. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page, Route } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { kill, runnerPid, waitFor } from "../support/sandbox.ts";
import { nothingComplained, type Opened, sayingWhy, until, type World, world } from "./world.ts";

let box: World;
let opened: Opened;
let page: Page;
let go: string;
let id: string;

test.before(
  sayingWhy(async () => {
    box = await world({ files: { "a.txt": "a\n" } });
    go = join(box.dir, "go");
    const script = `echo begun; while [ ! -e '${go}' ]; do sleep 0.1; done; echo the last line`;
    const ran = await box.copse(["run", "-b", "-q", "-l", "works", "--exec", "--", "sh", "-c", script]);
    assert.is(ran.code, 0, ran.stderr);
    id = ran.stdout.trim();
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

test("while the page is on its way it says that it is loading, not that something is missing", async () => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  await page.route("**/page.js", async (route) => {
    await held;
    await route.continue();
  });
  await page.reload({ waitUntil: "commit" });
  await page.getByText("Loading …").first().waitFor();
  assert.not(await page.getByText("needs JavaScript").isVisible());
  answer();
  await page.getByText("live", { exact: true }).waitFor();
  await page.unroute("**/page.js");
});

test("a look at all tasks that is cut off is made again, though the stream goes on", async () => {
  let cut = 0;
  const fail = (route: Route) => (cut++ < 2 ? route.abort() : route.continue());
  await page.route("**/api/tasks", fail);
  await page.reload();
  await page.locator(".row").first().waitFor();
  assert.is(cut, 3);
  await page.unroute("**/api/tasks", fail);
});

test("what a log says while a part of it is on its way is not left out", async () => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let asked = 0;
  await page.route(/\/log\?/, async (route) => {
    const response = await route.fetch();
    if (asked++ === 0) await held;
    await route.fulfill({ response });
  });
  await goTo(`#/task/${id}/log`);
  await waitFor(() => asked === 1, "the log to be asked for");
  writeFileSync(go, "");
  await until(box, page, "works", "completed");
  // Whatever tells of growth has been told by now.
  await page.waitForTimeout(1200);
  answer();
  await page.locator(".log .line", { hasText: "the last line" }).waitFor();
  await page.unroute(/\/log\?/);
});

test("the timeline stands while it is looked at again, also in the next minute", async () => {
  await goTo("#/timeline");
  await page.getByRole("table").waitFor();
  let asked = 0;
  await page.route("**/api/timeline*", async (route) => {
    asked++;
    await page.waitForTimeout(700);
    // One that is still held when the route is taken away goes on by itself.
    await route.continue().catch(() => undefined);
  });
  await page.evaluate(() => {
    const real = Date.now.bind(Date);
    Date.now = () => real() + 65_000;
  });
  const seen: number[] = [];
  await waitFor(async () => {
    seen.push(await page.getByRole("table").count());
    return asked > 0;
  }, "it to be looked at again");
  for (let n = 0; n < 10; n++) {
    seen.push(await page.getByRole("table").count());
    await page.waitForTimeout(50);
  }
  assert.not(seen.includes(0), seen.join());
  await page.unroute("**/api/timeline*");
  await page.reload();
});

test("without a runner the page offers the command that starts one, and every view says why it is empty", async () => {
  await page.getByText("live", { exact: true }).waitFor();
  kill((await waitFor(() => runnerPid(box.state), "a runner")) as number);
  const notice = page.locator(".notice", { hasText: "The runner is not running" });
  await notice.waitFor();
  assert.match((await notice.locator("code").textContent()) ?? "", /copse ui --no-open$/);
  await opened.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await notice.getByRole("button", { name: "Copy" }).click();
  assert.is(await page.evaluate(() => navigator.clipboard.readText()), "copse ui --no-open");
  for (const hash of ["#/batches", "#/new", `#/task/${id}/report`]) {
    await goTo(hash);
    await page.getByText("It is shown as soon as a runner is there again.").waitFor();
  }
  assert.is((await box.copse(["ui", "--no-open"])).code, 0);
  await page.locator("pre.whole").waitFor();
  await goTo("#/new");
  await page.getByLabel("What is to be done").waitFor();
});

test("a page that is not let in comes back as soon as another tab is", async () => {
  await opened.context.clearCookies();
  await page.reload();
  await page.locator(".notice", { hasText: "This page may not look" }).waitFor();
  assert.is(await page.getByText("Loading …").count(), 0);
  const other = await opened.context.newPage();
  await other.goto(await box.address());
  await other.getByText("live", { exact: true }).waitFor();
  await page.getByText("live", { exact: true }).waitFor();
  await page.locator(".row").first().waitFor();
  await other.close();
});

test("the browser complained of nothing but of what was cut off", () =>
  nothingComplained({ ...opened, complaints: opened.complaints.filter((one) => !/ERR_FAILED|status of 401/.test(one)) }));

test.run();
