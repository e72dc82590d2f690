/** Writing down an approval (`trust.ts` reads them; it is kept apart so that reading loads no lock). */
import { makeDir, replaceFile } from "./files.ts";
import { withLock } from "./lock.ts";
import { stateDir, trustFile } from "./paths.ts";
import { type Executable, readBook } from "./trust.ts";

/** Remembers an approval; earlier ones of the repository stay good for their own content. */
export async function trust(what: Executable, repoId: string, state = stateDir()): Promise<void> {
  makeDir(state);
  await withLock(trustFile(state), () => {
    const book = readBook(state);
    replaceFile(trustFile(state), JSON.stringify({ ...book, [repoId]: [...new Set([...(book[repoId] ?? []), what.hash])] }, null, 2));
  });
}
