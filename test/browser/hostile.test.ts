/** Hostile text in every field of a task, in a real browser: no script runs, the policy refuses nothing because nothing is tried, and the text stands there as text. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { shown, shownLine } from "../../src/web/page/pure/text.ts";
import { waitFor } from "../support/sandbox.ts";
import { plainPayloads, rawPayloads } from "./hostile.ts";
import { nothingComplained, type Opened, sayingWhy, type World, world } from "./world.ts";

const all = [...plainPayloads, ...rawPayloads];
let box: World;
let opened: Opened;
let page: Page;

/** Says all of them as activity, log, question and summary, and writes them as files and into one. */
const agentSource = (list: readonly string[]) => `
import { writeFileSync } from "node:fs";
const all = ${JSON.stringify(list)};
const say = (event) => console.log(JSON.stringify(event));
if (process.env.COPSE_ANSWER === undefined) {
  for (const text of all) { console.log(text); say({ copse: "activity", text }); }
  all.forEach((text, i) => {
    try { writeFileSync(text.replaceAll("/", "|").replaceAll("\\0", "").slice(0, 80) + i, text + "\\n"); } catch {}
  });
  // With a NUL in it git would show no lines.
  writeFileSync("all.txt", all.join("\\n").replaceAll("\\0", "") + "\\n");
  writeFileSync("check.sh", "cat all.txt; cat all.txt >&2\\n");
  say({ copse: "question", text: all.join("\\n"), options: all.slice(0, 12) });
  process.exit(5);
}
say({ copse: "summary", text: all.join("\\n") });
`;

test.before(
  sayingWhy(async () => {
    box = await world({ files: { "a.txt": "a\n" } });
    writeFileSync(join(box.dir, "hostile.mjs"), agentSource(all));
    mkdirSync(join(box.dir, "home", ".config", "copse"), { recursive: true });
    writeFileSync(
      join(box.dir, "home", ".config", "copse", "config.json"),
      JSON.stringify({ notify: { when: "off" }, agents: { hostile: { command: [process.execPath, join(box.dir, "hostile.mjs")] } } }),
    );
    const ran = await box.copse([
      "run",
      "-b",
      "-l",
      "loud",
      "--agent",
      "hostile",
      "--verify",
      "sh check.sh",
      all.slice(0, 50).join("\n").replaceAll("\0", ""),
    ]);
    assert.is(ran.code, 0, ran.stderr);
    await waitFor(async () => (await box.task("loud")).state === "blocked", "the loud task to ask");
    assert.is((await box.copse(["runner", "pause"])).code, 0);
    for (const [i, text] of plainPayloads.entries()) {
      const made = await box.copse(
        ["run", "-b", `--label=${text}`, `--tag=${text.replace(/[\s,]/g, "")}`, "--exec", `--prompt-file=-`, "--", "true", text],
        { input: `${i} ${text}` },
      );
      if (made.code !== 0) assert.is(made.code, 0, `${text}: ${made.stderr}`);
    }
    opened = await box.open();
    page = opened.page;
  }),
);
test.after(async () => {
  await box?.close();
});

/** Nothing stands in the page but what the page put there. */
async function onlyText(where: string): Promise<void> {
  const found = await page.evaluate(() => ({
    hit: (window as unknown as { hit?: number }).hit,
    // The page has none of these itself; its one script and one stylesheet stand in the head.
    strange: [
      ...document.querySelectorAll("img, iframe, object, embed, script, style, link, base, meta, form[action], math, video, template"),
    ]
      .filter((element) => element.closest("head") === null && element.matches(":not(body > script[src='page.js'])"))
      .map((element) => element.outerHTML.slice(0, 200)),
    handlers: [...document.querySelectorAll("*")].flatMap((element) =>
      [...element.attributes].filter(({ name }) => name.startsWith("on")).map(({ name }) => name),
    ),
    links: [...document.querySelectorAll("a[href]")]
      .map((link) => link.getAttribute("href") ?? "")
      .filter((href) => !href.startsWith("#/") && href !== "#/"),
    dialogs: document.querySelectorAll("dialog").length,
    address: location.origin,
  }));
  assert.is(found.hit, undefined, where);
  assert.equal(
    { strange: found.strange, handlers: found.handlers, links: found.links, dialogs: found.dialogs },
    { strange: [], handlers: [], links: [], dialogs: 0 },
    where,
  );
}

const goTo = (hash: string) => page.evaluate((to) => (location.hash = to), hash);
const textOf = (selector: string) => page.locator(selector).first().textContent();

test("fifty labels and prompts are text in list, page and title", async () => {
  const { tasks } = await box.json(["tasks"]);
  const queued = tasks.filter((task: { state: string }) => task.state === "queued");
  assert.is(queued.length, plainPayloads.length);
  for (const task of queued) {
    await goTo(`#/task/${task.id}`);
    await page.locator("h1", { hasText: shownLine(task.label, 100) }).waitFor();
    await page.getByRole("heading", { name: "What was asked" }).waitFor();
    assert.is(await textOf("h1"), shownLine(task.label, 100));
    assert.ok((await page.locator("pre.said").first().textContent())?.includes(task.label), task.label);
    await onlyText(task.label);
  }
});

test("queue, batches, timeline, overlaps, clean and the form hold the same", async () => {
  for (const view of ["queue", "batches", "timeline", "overlaps", "clean", "new", ""]) {
    await goTo(`#/${view}`);
    await page.waitForTimeout(400);
    await onlyText(view);
  }
  await goTo("#/queue");
  await page.getByText(`In line: ${plainPayloads.length}`).waitFor();
  await page.locator("#filter").fill(plainPayloads[0] as string);
  await waitFor(async () => (await page.locator(".row").count()) >= 1, "the filter to find it");
  await onlyText("filter");
  await page.locator("#filter").fill("");
});

test("a question, its options and the activity are text", async () => {
  const { id } = await box.task("loud");
  await goTo(`#/task/${id}`);
  await page.locator("#needs").waitFor();
  const asked = (await page.locator("#needs .said").first().textContent()) ?? "";
  for (const text of plainPayloads) assert.ok(asked.includes(text), text);
  assert.not.match(asked, /[\u0000-\u0008\u001b\u202e\u2066]/);
  assert.equal(await page.locator("#needs .option").allTextContents(), all.slice(0, 12).map(shown));
  await onlyText("question");
});

test("the log is text, activity and raw", async () => {
  const { id } = await box.task("loud");
  await goTo(`#/task/${id}/log`);
  await page.locator(".log .line").first().waitFor();
  for (const stream of ["activity", "out"]) {
    await page.locator("select").selectOption(stream);
    await page.getByRole("button", { name: "Beginning" }).click();
    await page
      .locator(".log .line", { hasText: plainPayloads[0] as string })
      .first()
      .waitFor();
    await onlyText(`log ${stream}`);
  }
});

test("file names and changed lines are text, and a remark on one is, too", async () => {
  const { id } = await box.task("loud");
  await goTo(`#/task/${id}/diff`);
  const names = page.locator(".file .path");
  await names.first().waitFor();
  assert.ok((await names.count()) >= 50, `${await names.count()} files`);
  for (const summary of await page.locator(".file > summary").all()) {
    await summary.scrollIntoViewIfNeeded();
    if (!(await summary.evaluate((element) => (element.parentElement as HTMLDetailsElement).open))) await summary.click();
  }
  const whole = page.locator(".file", { has: page.locator(`summary[data-file="all.txt"]`) });
  await whole
    .locator("table")
    .waitFor({ timeout: 8000 })
    .catch(async (e) => {
      await page.screenshot({ path: "/tmp/shots/h.png" });
      console.log(await whole.count(), await whole.first().evaluate((x) => x.outerHTML.slice(0, 600)));
      throw e;
    });
  const lines = await whole.locator("td.text").allTextContents();
  for (const text of plainPayloads) assert.ok(lines.includes(`+${text}`), text);
  await whole.getByRole("button", { name: "Remark on line 1", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "Remark on line 1" }).fill(plainPayloads[1] as string);
  await page.getByRole("button", { name: "Keep remark" }).click();
  await page.getByRole("heading", { name: "1 remark for its agent" }).waitFor();
  await onlyText("diff");
});

test("checks, summary and report are text", async () => {
  const { id } = await box.task("loud");
  assert.is((await box.copse(["runner", "resume"])).code, 0);
  assert.is((await box.copse(["send", "loud", plainPayloads[2] as string])).code, 0);
  await waitFor(async () => (await box.task("loud")).state === "completed", "the loud task to end", 90_000);
  for (const tab of ["checks", "report", "life"]) {
    await goTo(`#/task/${id}/${tab}`);
    if (tab === "checks") await page.locator("summary", { hasText: "Output" }).first().click();
    await page
      .locator(".said", { hasText: plainPayloads[0] as string })
      .first()
      .waitFor();
    await onlyText(tab);
  }
});

test("the browser complained of nothing: no policy was needed", () => nothingComplained(opened));

test.run();
