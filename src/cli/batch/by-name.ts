/** What `copse batch` does around batches that go by a name: lists them, copies one to be changed, and reads what is set in one. */
import { readFileSync } from "node:fs";
import type { Wish } from "../../batch/again.ts";
import type { BatchFile } from "../../batch/check.ts";
import { readDocument } from "../../batch/document.ts";
import type { Given } from "../../batch/set.ts";
import { CopseError } from "../../core/errors.ts";
import { safe, safeLine } from "../../core/safe.ts";
import type { Repository } from "../../git/repository.ts";
import { out } from "../../system/output.ts";
import type { Parsed } from "../flags.ts";
import { copyBatch, type Named, namedBatch, namedBatches } from "./library.ts";
import { shown } from "./source.ts";

/** @throws CopseError USAGE */
export function wishIn(values: Parsed["values"]): Wish {
  if (values["failed"] === true && values["fresh"] === true)
    throw new CopseError("USAGE", "--failed and --fresh exclude each other", { hint: "Leave one of them out." });
  return values["failed"] === true ? "failed" : values["fresh"] === true ? "fresh" : "new";
}

/** What goes by a name here, a line each. */
export function listed({ values, words }: Parsed, repo: Repository): number {
  if (words.length > 0)
    throw new CopseError("USAGE", `--list takes no name, got "${words[0]}"`, {
      hint: `To see its tasks: copse batch ${words[0]} --dry-run`,
    });
  const all = namedBatches(repo.bare ? null : repo.top).map((one) => ({ ...one, description: descriptionOf(one) }));
  if (values["json"] === true) out(`${JSON.stringify({ batches: all })}\n`);
  else if (values["quiet"] === true) out(safe(all.map(({ name }) => `${name}\n`).join("")));
  else {
    const width = Math.max(...all.map(({ name }) => name.length));
    const rows = all.map(
      ({ name, from, description }) =>
        `${safeLine(name, 64).padEnd(width)}  ${safeLine(description ?? "", 160)}${from === "repository" ? " (this repository's)" : ""}\n`,
    );
    out(
      safe(
        `${rows.join("")}\n  copse batch NAME --dry-run    what it would do\n  copse batch NAME --copy       a copy in .worktrees/batches, to change\n`,
      ),
    );
  }
  return 0;
}

/** What `description` of the file says; null where it says nothing, or cannot be read. */
function descriptionOf({ file }: Pick<Named, "file">): string | null {
  try {
    const { description } = (readDocument(readFileSync(file, "utf8")).document.data ?? {}) as Partial<BatchFile>;
    return typeof description === "string" ? description : null;
  } catch {
    return null;
  }
}

/** @throws CopseError USAGE, EXISTS, FILE_NOT_FOUND */
export function copied({ values, words }: Parsed, repo: Repository): number {
  const [name] = words;
  const found = name === undefined || words.length > 1 || repo.bare ? undefined : namedBatch(name, repo.top);
  if (found === undefined)
    throw new CopseError(
      "USAGE",
      repo.bare ? `${repo.top} is a bare repository: there is no checkout to copy into` : "--copy takes the name of a batch",
      {
        hint: "See copse batch --list.",
      },
    );
  const file = copyBatch(found, repo.top);
  out(
    values["json"] === true
      ? `${JSON.stringify({ file })}\n`
      : safe(`${shown(file)}\n  Change it, then: copse batch ${found.name} --dry-run\n`),
  );
  return 0;
}

/** @throws CopseError USAGE */
export function givenIn(values: Parsed["values"]): Given {
  const given = new Map<string, readonly string[]>();
  for (const one of (values["set"] as readonly string[] | undefined) ?? []) {
    const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(one) ?? [];
    if (name === undefined || value === undefined)
      throw new CopseError("USAGE", `--set: expected NAME=VALUE, got "${one}"`, { hint: "Example: --set dir=src/api" });
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  return given;
}
