/** `copse watch`: every task at a glance, live, in the whole terminal, with a key for each command. Starts nothing by itself, needs no runner. */
import { CopseError } from "../../core/errors.ts";
import { redact } from "../../core/redact.ts";
import { safe, safeLine } from "../../core/safe.ts";
import { err, isTty } from "../../system/output.ts";
import { noRepository, repoIdMaybe } from "../find.ts";
import { parseFlags, watchFlags } from "../flags.ts";
import { view } from "../watch/view.ts";

/** @returns 0 when left by q, 130 by Ctrl-C. @throws CopseError USAGE where there is no screen to draw on, NO_REPOSITORY */
export async function watch(argv: readonly string[]): Promise<number> {
  const { values, words } = parseFlags(argv, watchFlags);
  if (words.length > 0)
    throw new CopseError("USAGE", `watch takes no words, got "${words[0]}"`, { hint: `One task alone: copse logs -f ${words[0]}` });
  if (values["here"] === true && values["all"] === true)
    throw new CopseError("USAGE", "--here and --all say different things", {
      hint: "All repositories are the default; h changes it in the view.",
    });
  const here = values["here"] === true;
  const plain = here ? "copse tasks --watch" : "copse tasks --all --watch";
  if (!isTty(0) || !isTty(1))
    throw new CopseError("USAGE", "watch needs a terminal to draw on, for its keys and its screen", { hint: `Plain lines: ${plain}` });
  if (process.env["TERM"] === "dumb" || process.env["TERM"] === "")
    throw new CopseError("USAGE", `this terminal cannot be drawn on (TERM=${process.env["TERM"]})`, { hint: `Plain lines: ${plain}` });
  const hereId = repoIdMaybe(process.cwd());
  if (here && hereId === undefined) throw noRepository(process.cwd(), "See the tasks of all repositories: copse watch");
  const { code, busy, done } = await view(hereId, here);
  if (busy.length > 0) {
    err(`Finishing ${safeLine(busy.join(", "), 300)}; Ctrl-C leaves it to itself.\n`);
    for (const { text } of await done) err(safe(`${redact(text)}\n`));
  }
  return process.exit(code);
}
