/** A batch file's text, read and planned as `copse batch` does it, without a repository. */
import { checkBatch } from "../../src/batch/check.ts";
import { readDocument } from "../../src/batch/document.ts";
import { jointTask } from "../../src/batch/joint.ts";
import { type PlannedTask, planOf, searchesOf } from "../../src/batch/plan.ts";
import { refuseAny } from "../../src/batch/problem.ts";
import { CopseError } from "../../src/core/errors.ts";
import type { Issue } from "../../src/core/issues.ts";

/** `found`: what the searches of its matrices find, by their pointers. */
export function readBatch(
  text: string,
  found: ReadonlyMap<string, readonly string[]> = new Map(),
  issues: ReadonlyMap<string, readonly Issue[]> = new Map(),
): { tasks: readonly PlannedTask[]; error?: CopseError } {
  try {
    const { document, problems } = readDocument(text);
    refuseAny("x.yaml", problems);
    refuseAny("x.yaml", checkBatch(document));
    refuseAny("x.yaml", searchesOf(document).problems);
    const plan = planOf(document, { values: found, issues });
    refuseAny("x.yaml", plan.problems);
    const joint = jointTask(document, "x", plan.tasks);
    refuseAny("x.yaml", joint.problems);
    return { tasks: joint.task === undefined ? plan.tasks : [...plan.tasks, joint.task] };
  } catch (error) {
    if (error instanceof CopseError) return { tasks: [], error };
    throw error;
  }
}
