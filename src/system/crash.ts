/**
 * For crash tests only: COPSE_CRASH_AT=<point>:<n>:<file> ends this process with SIGKILL the n-th time it comes by that point.
 * With a file it does so once over all processes: who removes the file dies. Not set, all this is one comparison.
 */
import { unlinkSync } from "node:fs";

const [wanted, times, token] = (process.env["COPSE_CRASH_AT"] ?? "").split(":");
let left = Number(times ?? 1);

export function crashPoint(name: string): void {
  if (name !== wanted || --left > 0) return;
  try {
    if (token !== undefined) unlinkSync(token);
  } catch {
    return;
  }
  process.kill(process.pid, "SIGKILL");
}
