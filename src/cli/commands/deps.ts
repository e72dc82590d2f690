/** `copse deps`: a campaign of dependency updates in this repository, in the foreground or as a task. What it has checked is kept, so after Ctrl-C or a crash the same command goes on. */

import { CopseError, exit } from "../../core/errors.ts";
import { safe, safeLine } from "../../core/safe.ts";
import { campaign, type News, preview } from "../../deps/campaign.ts";
import { CutShort } from "../../deps/check.ts";
import { err, isTty, out } from "../../system/output.ts";
import { jsonOf, listText, newsText, reportText, setText } from "../deps/text.ts";
import { type DepsOptions, wishOf } from "../deps/wish.ts";
import { count } from "../view/words.ts";

/** @returns 1 where there was something to update and nothing could be kept. @throws CopseError */
export async function deps(options: DepsOptions): Promise<number> {
  const { json } = options;
  const controller = new AbortController();
  // Kept after the first one: what draws in a terminal ends the process by a signal for which nobody else listens.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => (controller.signal.aborted ? process.exit(exit.interrupted) : controller.abort()));
  let teller = silent;
  // Whoever is asked to trust something has the terminal until then.
  const { wish, warnings } = await wishOf(options, controller.signal, (news) => teller.told(news));
  for (const warning of warnings) err(`copse: ${safe(warning)}\n`);
  teller = json ? silent : isTask() ? asTask : isTty(1) && isTty(2) && !options.dryRun ? await liveTeller() : lines;
  try {
    if (options.dryRun) {
      const listed = await preview(wish);
      out(json ? `${JSON.stringify(listed)}\n` : safe(listText(listed, wish.asked.target, wish.asked.groups)));
      return exit.ok;
    }
    const report = await campaign(wish);
    await teller.close(true);
    const text = safe(reportText(report));
    out(json ? `${JSON.stringify(jsonOf(report, wish))}\n` : isTask() ? `${JSON.stringify({ copse: "summary", text })}\n` : text);
    return report.verdicts.length > 0 && report.parts.every(({ branch }) => branch === null) ? exit.failed : exit.ok;
  } catch (error) {
    await teller.close(false);
    // Ctrl-C reaches a git that is at work as well, and then that is what fails.
    if (!(error instanceof CutShort) && !controller.signal.aborted) throw error;
    throw new CopseError("INTERRUPTED", "the campaign was interrupted", {
      hint: options.dryRun ? "Nothing of it is left." : "What has been checked stays checked; go on with the same command.",
      cause: error,
    });
  }
}

/** Says what goes on while it does. */
interface Teller {
  readonly told: (news: News) => void;
  readonly close: (isWell: boolean) => Promise<void>;
}

const silent: Teller = { told: () => {}, close: async () => {} };

const lines: Teller = { told: (news) => said(news, (text) => err(`${text}\n`)), close: async () => {} };

const isTask = (): boolean => process.env["COPSE_TASK_ID"] !== undefined && !isTty(1);

/** In a task's way, so that `copse tasks` shows it. */
const asTask: Teller = {
  told: (news) => said(news, (text) => out(`${JSON.stringify({ copse: "activity", text: safeLine(text) })}\n`)),
  close: async () => {},
};

function said(news: News, put: (text: string) => void): void {
  const text = safe(newsText(news));
  if (text !== "") put(text);
}

/** In a terminal: what has come to its end, and below it what is being checked now. */
async function liveTeller(): Promise<Teller> {
  const { ticker } = await import("../view/board.ts");
  const running: string[] = [];
  let checks = 0;
  const title = (): string => safeLine(`${count(checks, "check")} done${running.length === 0 ? "" : `, now: ${running.join("; ")}`}`, 300);
  const row = ticker("looking for updates, and checking without any");
  return {
    told(news) {
      if (news.type === "checking") running.push(setText(news));
      if (news.type === "checked") {
        checks += 1;
        const at = running.indexOf(setText(news));
        if (at >= 0) running.splice(at, 1);
      }
      said(news, row.line);
      if (checks > 0) row.say(title());
    },
    close: row.close,
  };
}

/** The same as a task: `tasks`, `logs`, `stop` and `wait` work on it. */
export async function depsInBackground({ json, quiet }: { readonly json: boolean; readonly quiet: boolean }): Promise<number> {
  const { runParsed } = await import("./run.ts");
  const argv = process.argv.slice(process.argv.indexOf("deps") + 1);
  const mine = argv.filter((word) => !["-b", "--background", "--bg", "--json", "-q", "--quiet"].includes(word));
  const rest = [process.execPath, process.argv[1] as string, "deps", ...mine];
  return await runParsed({ values: { background: true, exec: true, json, quiet }, words: ["dependency updates"], rest });
}
