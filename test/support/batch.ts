/** A batch file's text, read and planned as `copse batch` does it, without a repository. */
import { checkBatch } from "../../src/batch/check.ts";
import { readDocument } from "../../src/batch/document.ts";
import { type PlannedTask, planOf, searchesOf } from "../../src/batch/plan.ts";
import { refuseAny } from "../../src/batch/problem.ts";
import { CopseError } from "../../src/core/errors.ts";

/** `found`: what the searches of its matrices find, by their pointers. */
export function readBatch(
  text: string,
  found: ReadonlyMap<string, readonly string[]> = new Map(),
): { tasks: readonly PlannedTask[]; error?: CopseError } {
  try {
    const { document, problems } = readDocument(text);
    refuseAny("x.yaml", problems);
    refuseAny("x.yaml", checkBatch(document));
    refuseAny("x.yaml", searchesOf(document).problems);
    const plan = planOf(document, found);
    refuseAny("x.yaml", plan.problems);
    return { tasks: plan.tasks };
  } catch (error) {
    if (error instanceof CopseError) return { tasks: [], error };
    throw error;
  }
}
