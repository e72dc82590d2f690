/** Batches that go by a name (loaded with every completion, so it reads none of them): those of the repository in `.worktrees/batches/`, and those that come with Copse. */
import { constants, copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join, parse, resolve } from "node:path";
import { CopseError, systemCode } from "../../core/errors.ts";
import { similar } from "../../core/similar.ts";
import { packageRoot } from "../../store/templates.ts";

export interface Named {
  readonly name: string;
  readonly file: string;
  readonly from: "repository" | "copse";
  /** Of the repository's own: one of that name comes with Copse, too. */
  readonly hides: boolean;
}

const kinds = [".yaml", ".yml", ".json"];
const ownFolder = (top: string): string => join(top, ".worktrees", "batches");

/** Each name once: the repository's own goes before the one that comes with Copse. */
export function namedBatches(top: string | null): Named[] {
  const own = top === null ? [] : filesIn(ownFolder(top), "repository");
  const shipped = filesIn(join(packageRoot(), "templates", "batches"), "copse");
  const all = new Map(
    [...shipped, ...own].map((one) => [
      one.name,
      { ...one, hides: one.from === "repository" && shipped.some(({ name }) => name === one.name) },
    ]),
  );
  return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function filesIn(folder: string, from: Named["from"]): Omit<Named, "hides">[] {
  try {
    return readdirSync(folder)
      .filter((file) => kinds.includes(parse(file).ext))
      .sort()
      .map((file) => ({ name: parse(file).name, file: join(folder, file), from }));
  } catch {
    return [];
  }
}

/** A file that is there, or a name; undefined where the word is a path, to which what is wrong with it may be said. @throws CopseError FILE_NOT_FOUND */
export function namedBatch(word: string, top: string | null): Named | undefined {
  if (existsSync(resolve(word)) || /[/\\]/.test(word) || kinds.includes(parse(word).ext)) return undefined;
  const all = namedBatches(top);
  const found = all.find(({ name }) => name === word);
  if (found !== undefined) return found;
  const names = all.map(({ name }) => name);
  const instead = similar(word, names);
  throw new CopseError("FILE_NOT_FOUND", `there is no batch named "${word}", and no file`, {
    hint: instead === undefined ? `There is ${names.join(", ")}. See copse batch --list.` : `Did you mean copse batch ${instead}?`,
  });
}

/** Is it a batch that somebody means by this word, and not a prompt? */
export const isBatch = (word: string, top: string | null): boolean =>
  (kinds.includes(parse(word).ext) && existsSync(resolve(word))) || namedBatches(top).some(({ name }) => name === word);

/** @returns where it is now. @throws CopseError EXISTS */
export function copyBatch({ name, file, from }: Named, top: string): string {
  const target = join(ownFolder(top), `${name}.yaml`);
  const exists = (what: string) => new CopseError("EXISTS", what, { hint: `Change it there, then: copse batch ${name}` });
  if (from === "repository") throw exists(`${name} is the repository's own already: ${file}`);
  mkdirSync(ownFolder(top), { recursive: true });
  try {
    copyFileSync(file, target, constants.COPYFILE_EXCL);
  } catch (error) {
    throw systemCode(error) === "EEXIST" ? exists(`${target} exists already`) : error;
  }
  return target;
}
