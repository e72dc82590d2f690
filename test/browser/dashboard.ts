/** The dashboard in a real browser: headless Chromium with an empty profile, and everything it complains of. */
import { mkdtempSync, rmSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained of: errors, refused content, dialogs. */
  readonly complaints: readonly string[];
}

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
];

/** Chromium's socket needs a short path, so its temporary folder is its own, wherever the test's is; it goes with the browser. */
export async function launch(): Promise<Browser> {
  const temp = mkdtempSync("/tmp/copse-chromium-");
  const clear = () => rmSync(temp, { recursive: true, force: true, maxRetries: 5 });
  const executablePath = process.env["COPSE_TEST_CHROMIUM"] ?? "/usr/bin/chromium";
  try {
    const browser = await chromium.launch({ executablePath, args: flags, env: { ...process.env, TMPDIR: temp } });
    browser.once("disconnected", clear);
    return browser;
  } catch (error) {
    clear();
    throw error;
  }
}

/** In a browser of its own. `address`: with a token that has not been used. */
export async function openDashboard(address: string): Promise<Opened & { close(): Promise<void> }> {
  const browser = await launch();
  const opened = await openPage(browser, address);
  return { ...opened, close: () => browser.close() };
}

/** A new page, let in by the address's token. `at`: the hash to go to then. */
export async function openPage(
  browser: Browser,
  address: string,
  at = "",
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  // What was asked for while the runner was away fails, and the page says so itself.
  const away = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !away.test(message.text())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.addInitScript(
    'document.addEventListener("securitypolicyviolation", (event) => console.error("refused by policy: " + event.violatedDirective + " " + event.blockedURI))',
  );
  await page.goto(address);
  await page.getByText("live", { exact: true }).waitFor();
  if (at !== "") await page.goto(`${new URL(page.url()).origin}/${at}`);
  return { page, context, complaints };
}
