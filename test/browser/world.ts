/** A sandbox with the dashboard open in a real browser: headless Chromium with an empty profile, which notes everything it would complain of. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import * as assert from "uvu/assert";
import { agent, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { launch, type Opened, openPage } from "./dashboard.ts";

export interface World extends Sandbox {
  readonly browser: Browser;
  /** A new page, let in by a token of its own. `at`: the hash to go to then. */
  open(at?: string, options?: Parameters<Browser["newContext"]>[0]): Promise<Opened>;
  /** The address with a token that has not been used. */
  address(): Promise<string>;
}

export type { Opened } from "./dashboard.ts";

/** `agents`: configured by name, each a program of `test/agents/`. */
export async function world(
  options: {
    readonly files?: Readonly<Record<string, string>>;
    readonly agents?: Readonly<Record<string, readonly string[]>>;
    readonly config?: Readonly<Record<string, unknown>>;
    readonly env?: Readonly<Record<string, string>>;
    readonly repoName?: string;
  } = {},
): Promise<World> {
  const box = await sandbox(options.files, options.repoName === undefined ? {} : { repoName: options.repoName });
  Object.assign(box.env, { COPSE_IDLE_SECONDS: "30", ...options.env });
  const agents = Object.fromEntries(
    Object.entries(options.agents ?? {}).map(([name, [file = "", ...args]]) => [name, { command: [agent(file), ...args] }]),
  );
  mkdirSync(join(box.dir, "home", ".config", "copse"), { recursive: true });
  writeFileSync(
    join(box.dir, "home", ".config", "copse", "config.json"),
    JSON.stringify({ notify: { when: "off" }, agents, ...options.config }),
  );
  const browser = await launch();
  const address = async () => {
    const { ui } = await box.json(["ui", "--no-open"]);
    return ui.url as string;
  };
  return {
    ...box,
    browser,
    address,
    open: async (at = "", more = {}) => await openPage(browser, await address(), at, more),
    async close() {
      await browser.close();
      await box.close();
    },
  };
}

/** The task's state as the page's list has it; undefined while it has no such row. */
export async function stateInPage(page: Page, label: string): Promise<string | undefined> {
  const row = page.locator(".row", { has: page.locator(".name", { hasText: label }) });
  return (await row.count()) === 0 ? undefined : ((await row.first().locator(".state").textContent()) ?? undefined);
}

/** Waits until the command line says so, and then until page and command line say the same. */
export async function until(box: Sandbox, page: Page, label: string, state: string): Promise<void> {
  let last = "";
  await waitFor(async () => {
    const { tasks } = await box.json(["tasks"]);
    const said = tasks.find((task: { label: string }) => task.label === label)?.state;
    const seen = await stateInPage(page, label);
    last = `tasks --json: ${said}, page: ${seen}`;
    return said === state && seen === state;
  }, `${label} to be ${state} in both`).catch((error: Error) => {
    throw new Error(`${error.message} (${last})`);
  });
}

/** Every event of the task's log, by its number. */
export function factsOf(box: Sandbox, repoId: string, id: string): number[] {
  const file = join(box.state, "repos", repoId, "tasks", id, "events.jsonl");
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
}

export function nothingComplained({ complaints }: Opened): void {
  assert.equal(complaints, [], "the browser complained of nothing");
}

/** A `before` whose failure is said: uvu only leaves the tests out. */
export const sayingWhy = (deed: () => Promise<void>) => (): Promise<void> =>
  deed().catch((error: unknown) => {
    process.stderr.write(`before the tests: ${error instanceof Error ? error.stack : String(error)}\n`);
    throw error;
  });
