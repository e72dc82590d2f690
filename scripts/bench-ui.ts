/**
 * `npm run bench:ui`: the dashboard with 500 tasks of which 20 emit 50 events a second each, in a real browser against a real runner: what a frame costs, what the runner spends on it, how soon the first
 * paint is there. Figures and targets are printed, nothing is asserted by time. --seconds=N (10) a view.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { type World, world } from "../test/browser/world.ts";
import { runnerPid, waitFor } from "../test/support/sandbox.ts";

const seconds = Number(process.argv.find((arg) => /^--seconds=\d+$/.test(arg))?.slice(10) ?? 10);
const [all, loud, perSecond] = [500, 20, 50];
const ticksPerSecond = 100;
const longMb = 50;
/** Of frames: milliseconds from the beginning of one until what it drew is handed over, and between two. */
interface Frames {
  readonly work: readonly number[];
  readonly apart: readonly number[];
}

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const quantile = (list: readonly number[], part: number): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length * part)] ?? Number.NaN;

function row(name: string, figure: number, unit: string, target: number): void {
  process.stdout.write(`${figure <= target ? "ok  " : "OVER"}  ${name.padEnd(58)} ${figure.toFixed(1)} ${unit} (target ${target})\n`);
}

// One slot is kept from batches, for whoever comes alone.
const box = await world({ config: { limit: loud + 1 } });
try {
  await crowd(box);
  const pid = (await waitFor(() => runnerPid(box.state), "a runner")) as number;

  // A person's browser is open already.
  const context = await box.browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const startedAt = performance.now();
  const address = await box.address();
  const addressMs = performance.now() - startedAt;
  await page.goto(address, { waitUntil: "commit" });
  await page.locator(".row").first().waitFor();
  const rowsMs = performance.now() - startedAt;
  const paintMs = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN);
  process.stdout.write(`${all} tasks, ${loud} of them ${perSecond} events a second each; Chromium ${box.browser.version()}\n`);
  row(`first paint behind copse ui (${addressMs.toFixed(0)} ms), the runner being up`, addressMs + paintMs, "ms", 1000);
  row("all tasks in the list", rowsMs, "ms", 2000);

  const { origin } = new URL(page.url());
  await page.close();
  // A runner that is still at its first tasks would make every page look cheap.
  const alone = [await atRest(pid, seconds)];
  const spending: { readonly name: string; readonly withPage: number; readonly without: number }[] = [];
  const { tasks } = await box.json(["tasks", "--state", "running"]);
  for (const [name, hash] of [
    ["list", "#/"],
    ["task", `#/task/${tasks[0].id}`],
    ["log", `#/task/${tasks[0].id}/log`],
    ["queue", "#/queue"],
  ] as const) {
    const { page, session } = await opened(context, `${origin}/${hash}`);
    const before = await threadMs(session);
    const [frames, withPage] = await Promise.all([framesOf(page, seconds), spent(pid, seconds)]);
    const ownMs = ((await threadMs(session)) - before) / Math.max(1, frames.work.length);
    row(`${name}: processor time of the page's thread, a frame`, ownMs, "ms", 16);
    row(`${name}: work of a frame, median`, quantile(frames.work, 0.5), "ms", 16);
    row(`${name}: work of a frame, 95th percentile`, quantile(frames.work, 0.95), "ms", 50);
    process.stdout.write(
      `      ${name}: ${frames.work.length} frames, ${quantile(frames.apart, 0.5).toFixed(1)} ms apart at the median, ${quantile(frames.apart, 0.95).toFixed(1)} at the 95th percentile\n`,
    );
    await page.close();
    await pause(1);
    alone.push(await spent(pid, seconds));
    // Held against the windows right before and behind it, so that whatever else changes with time falls out.
    spending.push({ name, withPage, without: ((alone.at(-2) as number) + (alone.at(-1) as number)) / 2 });
  }
  await longLog(context, origin);
  await context.close();
  const percent = (part: number) => `${(part * 100).toFixed(1)} %`;
  for (const { name, withPage, without } of spending)
    row(
      `${name}: runner for it (${percent(withPage)} of a core, ${percent(without)} before and after)`,
      (withPage - without) * 100,
      "% of a core",
      10,
    );
  process.stdout.write(
    `      runner without a page: ${percent(quantile(alone, 0.5))} at the median of ${alone.length} windows, ${percent(Math.min(...alone))} to ${percent(Math.max(...alone))}\n`,
  );
  row("runner's memory, at its most", peakMb(pid), "MB", 250);
} finally {
  await box.copse(["runner", "pause"]);
  await box.close();
}

/** Two windows one after the other that differ by less than a hundredth of a core, or the last of many. @returns their mean */
async function atRest(pid: number, seconds: number): Promise<number> {
  let last = await spent(pid, seconds);
  for (let n = 0; n < 12; n++) {
    const next = await spent(pid, seconds);
    if (Math.abs(next - last) < 0.01) return (last + next) / 2;
    last = next;
  }
  process.stdout.write("      the runner did not come to rest: the figures of what it spends vary by more than 1 % of a core\n");
  return last;
}

/** A page of its own, connected and drawn. */
async function opened(context: BrowserContext, address: string): Promise<{ readonly page: Page; readonly session: CDPSession }> {
  const page = await context.newPage();
  await page.goto(address);
  await page.locator(".row").first().waitFor();
  const session = await context.newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.waitForTimeout(1000);
  return { page, session };
}

/** The loud ones hold all slots, the others wait. */
async function crowd(box: World): Promise<void> {
  const agent = join(box.dir, "loud.mjs");
  writeFileSync(
    agent,
    `let n = 0; setInterval(() => console.log(JSON.stringify({ copse: "activity", text: ++n + " files processed, at src/part-" + (n % 97) + ".ts" })), ${1000 / perSecond});\n`,
  );
  const file = (name: string, tasks: object) =>
    writeFileSync(join(box.repo, name), JSON.stringify({ name: name.replace(".json", ""), tasks }));
  const list = (count: number) => Array.from({ length: count }, (_, i) => String(i));
  file("loud.json", { loud: { exec: [process.execPath, agent], matrix: { n: list(loud) } } });
  file("quiet.json", { quiet: { exec: ["true"], matrix: { n: list(all - loud) } } });
  for (const name of ["loud.json", "quiet.json"]) {
    const ran = await box.copse(["batch", name, "-b"]);
    if (ran.code !== 0) throw new Error(ran.stderr);
    if (name === "loud.json")
      await waitFor(
        async () => (await box.json(["tasks", "--state", "running"])).tasks.length === loud,
        `${loud} tasks to be at work`,
        120_000,
      );
  }
}

/** Walks up a log of 50 MB from its end, then jumps to its beginning and back. */
async function longLog(context: BrowserContext, origin: string): Promise<void> {
  const { page, session } = await opened(context, `${origin}/#/`);
  const line = "x".repeat(80);
  const source = `const { writeSync } = require("node:fs"); const block = Buffer.from(Array.from({ length: 1000 }, (_, i) => "line " + i + " ${line}").join("\\n") + "\\n"); for (let n = 0; n < ${longMb}e6; n += block.length) for (let at = 0; at < block.length; ) at += writeSync(1, block, at);`;
  const ran = await box.copse(["run", "-l", "long", "--exec", "--", process.execPath, "-e", source]);
  if (ran.code !== 0) throw new Error(ran.stderr);
  const { id } = await box.task("long");
  const startedAt = performance.now();
  await page.evaluate((to) => {
    location.hash = to;
  }, `#/task/${id}/log`);
  await page.locator(".log .line").first().waitFor();
  row(`log of ${longMb} MB: its end is there after`, performance.now() - startedAt, "ms", 1000);
  const before = await threadMs(session);
  const [frames] = await Promise.all([
    framesOf(page, seconds),
    (async () => {
      await page.locator(".log").hover();
      for (let n = 0; n < seconds * 8; n++) {
        await page.mouse.wheel(0, -1500);
        await page.waitForTimeout(100);
      }
    })(),
  ]);
  row(
    "log of 50 MB, scrolled: processor time of the page's thread, a frame",
    ((await threadMs(session)) - before) / frames.work.length,
    "ms",
    16,
  );
  row("log of 50 MB, scrolled: work of a frame, median", quantile(frames.work, 0.5), "ms", 16);
  row("log of 50 MB, scrolled: work of a frame, 95th percentile", quantile(frames.work, 0.95), "ms", 50);
  const jumpedAt = performance.now();
  await page.getByRole("button", { name: "Beginning" }).click();
  await page.locator(".log .line", { hasText: /^line 0 / }).waitFor();
  row("log of 50 MB: its beginning is there after", performance.now() - jumpedAt, "ms", 1000);
}

/** Share of a core that a process spends, children left out. */
async function spent(pid: number, seconds: number): Promise<number> {
  const ticks = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /, "")
      .split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = ticks();
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return (ticks() - before) / ticksPerSecond / ((performance.now() - startedAt) / 1000);
}

function peakMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? Number.NaN) / 1024;
}

/** What the page's main thread has spent since it was first asked, by the processor's clock: it does not count waiting for others on a busy machine. */
async function threadMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1000;
}

/** Script, style, layout and paint: what comes behind the frame's own callbacks is done before the next task is. */
async function framesOf(page: Page, seconds: number): Promise<Frames> {
  // What tsx puts around named functions is not there in a page.
  await page.evaluate("globalThis.__name = (named) => named");
  return await page.evaluate(
    (forMs) =>
      new Promise<Frames>((resolve) => {
        const work: number[] = [];
        const apart: number[] = [];
        const channel = new MessageChannel();
        let beganAt = 0;
        let last = 0;
        channel.port1.onmessage = () => work.push(performance.now() - beganAt);
        const end = performance.now() + forMs;
        const frame = () => {
          beganAt = performance.now();
          if (last > 0) apart.push(beganAt - last);
          last = beganAt;
          channel.port2.postMessage(0);
          if (beganAt < end) requestAnimationFrame(frame);
          else setTimeout(() => resolve({ work, apart }), 100);
        };
        requestAnimationFrame(frame);
      }),
    seconds * 1000,
  );
}
