/** What becomes of a run that another runner started: adopted when it lives, read when it has ended, fenced when it never began. */
import { fence, lookAt } from "../process/supervised.ts";
import { passedOn } from "../session/start.ts";
import { runDir } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";

/** Writes down what was found. @returns true when the run can be watched (it lives, or has ended and is to be judged); false when it never started. */
export async function recoverRun(record: TaskRecord): Promise<boolean> {
  const { task } = record;
  const dir = runDir(record.dir, task.run);
  // The log says it started: whatever became of its folder, it never starts a second time.
  if (task.runStarted === true) return true;
  for (;;) {
    const sight = lookAt(dir);
    if (sight.is === "unclaimed" && !fence(dir)) continue;
    if (sight.is === "unclaimed" || sight.is === "fenced") {
      await record.add([{ type: "run-fenced", run: task.run }]);
      return false;
    }
    await record.add([{ type: "run-started", run: task.run, identity: sight.identity }, ...passedOn(task)]);
    return true;
  }
}
