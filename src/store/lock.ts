/** Short critical sections between processes: one writer of a task's log, one change at a time to a repository. It never decides who the runner is (that is `epoch.ts`). */
import { lock } from "proper-lockfile";
import { CopseError, systemCode } from "../core/errors.ts";
import { debug } from "../system/debug.ts";

/** A holder that died is waited out this long. */
const staleMs = 5000;

/**
 * Runs `work` while holding the lock named by the path `name` (a folder `name.lock` appears beside it).
 * `work` gets a function that says whether the lock is still ours: ask it before a write that follows an await.
 * @throws CopseError BUSY when it cannot be had in about 15 s.
 */
export async function withLock<T>(name: string, work: (held: () => boolean) => T | Promise<T>): Promise<T> {
  let compromised = false;
  const release = await lock(name, {
    realpath: false,
    stale: staleMs,
    update: 1000,
    retries: { retries: 400, factor: 1.3, minTimeout: 2, maxTimeout: 50, randomize: true },
    onCompromised: (error) => {
      compromised = true;
      debug(() => `lock ${name} was lost: ${error.message}`);
    },
  }).catch((error: unknown) => {
    if (systemCode(error) !== "ELOCKED") throw error;
    throw new CopseError("BUSY", `another Copse is writing here: ${name}`, { hint: "Try again in a moment.", cause: error });
  });
  try {
    return await work(() => !compromised);
  } finally {
    await release().catch((error: unknown) => debug(() => `lock ${name}: ${String(error)}`));
  }
}
