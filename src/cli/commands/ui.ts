/** `copse ui`: has the runner serve the dashboard, and opens it in the browser; `diff --web` opens it at one task. Returns at once. */
import { CopseError } from "../../core/errors.ts";
import { stateDir, uiAccessFile } from "../../store/paths.ts";
import { noteStarted } from "../../store/ui-started.ts";
import { openBrowser } from "../../system/open-browser.ts";
import { out } from "../../system/output.ts";
import { removeFile } from "../../system/remove-file.ts";
import { findRunner, needRunner } from "../client.ts";
import { repositoryMaybe } from "../find.ts";

export interface UiOptions {
  /** null: as the last time. */
  readonly port: number | null;
  readonly open: boolean;
  readonly json: boolean;
  /** Where in it: `/task/ID/diff`. */
  readonly at?: string;
}

/** @throws CopseError USAGE, PORT_TAKEN, RUNNER_UNREACHABLE */
export async function ui({ port, open, json, at }: UiOptions): Promise<number> {
  const state = stateDir();
  if (port !== null && !(Number.isInteger(port) && port > 0 && port < 65_536))
    throw new CopseError("USAGE", `--port: expected a number from 1 to 65535, got ${port}`, { hint: "Leave it out: copse ui" });
  const repository = repositoryMaybe(process.cwd());
  noteStarted(state, process.env, repository && { repo: repository.root, repoId: repository.id });
  const link = await needRunner(state);
  const answer = await link.ask({ do: "ui", ...(port === null ? {} : { port }) });
  link.close();
  if ("refused" in answer) throw new CopseError(answer.refused.code, answer.refused.message, { hint: answer.refused.hint });
  if (!("ui" in answer) || answer.ui === null)
    throw new CopseError("RUNNER_UNREACHABLE", "the runner does not know the dashboard", { hint: "Restart it: copse runner stop" });
  const address = `http://127.0.0.1:${answer.ui.port}/`;
  const url = `${address}#token=${answer.ui.token}${at === undefined ? "" : `&to=${encodeURIComponent(at)}`}`;
  const opened = open && (await openBrowser(url, process.env));
  if (json) out(`${JSON.stringify({ ui: { url, address, port: answer.ui.port, opened } })}\n`);
  else out(`${opened ? "The dashboard opens in your browser. If it does not" : "The dashboard is served"}: ${url}\n${after(address)}`);
  return 0;
}

const after = (address: string): string =>
  `That lets in one browser, within ten minutes; from then on it is at ${address}\nNo more of it: copse ui --stop\n`;

export async function uiStop(json: boolean): Promise<number> {
  const state = stateDir();
  const link = await findRunner(state);
  const answer = await link?.ask({ do: "ui", stop: true });
  link?.close();
  if (answer === undefined || !("ui" in answer)) removeFile(uiAccessFile(state));
  if (json) out(`${JSON.stringify({ ui: null })}\n`);
  else out("The dashboard is not served any more, and nobody is let in without a new address.\n");
  return 0;
}
