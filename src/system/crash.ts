/** For crash tests only: COPSE_CRASH_AT=<point>:<n> ends this process with SIGKILL the n-th time it comes by that point. Not set, it is one comparison. */
const [wanted, times] = (process.env["COPSE_CRASH_AT"] ?? "").split(":");
let left = Number(times ?? 1);

export function crashPoint(name: string): void {
  if (name === wanted && --left <= 0) process.kill(process.pid, "SIGKILL");
}
