/** Twenty commands that need the runner at once, with the leavings of a killed one in place: exactly one runner, and everybody served. */
import { readFileSync } from "node:fs";
import { agent, kill, processesOf, sandbox, waitFor } from "./sandbox.ts";

const clients = 20;

export async function raceToStart(rounds: number): Promise<{ problems: string[]; served: number }> {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "30";
  const problems: string[] = [];
  let served = 0;
  try {
    // One task that is over, so that `wait` on it needs nothing but the runner; the runner dies with its socket and lock left behind.
    await box.copse(["run", "-b", "-q", "-l", "first", "--exec", "--", agent("works.sh")]);
    await box.copse(["wait", "first"]);
    for (let round = 0; round < rounds; round++) {
      await killRunners(box.dir);
      await box.copse(["retry", "first"]).then((ran) => ran.code === 0 || problems.push(`retry: ${ran.stderr}`));
      await killRunners(box.dir);
      const all = await Promise.all(Array.from({ length: clients }, () => box.copse(["wait", "first", "-q"])));
      for (const ran of all) {
        if (ran.code === 0) served++;
        else problems.push(`round ${round}: exit ${ran.code}: ${ran.stderr.trim()}`);
      }
      const up = await waitFor(() => (runnersOf(box.dir).length === 1 ? runnersOf(box.dir) : undefined), "exactly one runner", 5000).catch(
        () => runnersOf(box.dir),
      );
      if (up.length !== 1) problems.push(`round ${round}: ${up.length} runners`);
    }
    return { problems, served };
  } finally {
    await box.close();
  }
}

/** Until none is left: one that a command of the last round started late may have taken the lead meanwhile. */
async function killRunners(dir: string): Promise<void> {
  await waitFor(() => {
    const up = runnersOf(dir);
    for (const pid of up) kill(pid);
    return up.length === 0;
  }, "the killed runner to be gone");
}

/** Live runner processes of a sandbox. */
export function runnersOf(dir: string): number[] {
  return processesOf(dir).filter((pid) => {
    try {
      return /runner\.cjs\0/.test(readFileSync(`/proc/${pid}/cmdline`, "latin1"));
    } catch {
      return false;
    }
  });
}
