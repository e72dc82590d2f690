/** What a person has settled for a batch as a whole: a file a batch, written at each start. Tasks know the batch by its name. */
import { CopseError } from "../core/errors.ts";
import { cannotWrite, makeDir, readMaybe, replaceFile } from "./files.ts";
import { batchesDir, batchFile } from "./paths.ts";

/** @throws CopseError CANNOT_WRITE */
export function setBudget(state: string, repoId: string, name: string, budgetUsd: number | null): void {
  if (budgetUsd === null && budgetOf(state, repoId, name) === null) return;
  try {
    makeDir(batchesDir(state, repoId));
    replaceFile(batchFile(state, repoId, name), `${JSON.stringify({ budgetUsd })}\n`);
  } catch (error) {
    throw error instanceof CopseError ? error : cannotWrite(state, error);
  }
}

/** US dollars for all of its tasks; null for no bound. A file that is damaged sets none, as there is nobody to say it to. */
export function budgetOf(state: string, repoId: string, name: string): number | null {
  const text = readMaybe(batchFile(state, repoId, name));
  if (text === undefined) return null;
  try {
    const { budgetUsd } = JSON.parse(text) as { budgetUsd?: unknown };
    return typeof budgetUsd === "number" && budgetUsd > 0 ? budgetUsd : null;
  } catch {
    return null;
  }
}
