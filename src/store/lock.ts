/** Short critical sections between processes: one writer of a task's log, one change at a time to a repository. It never decides who the runner is (that is `epoch.ts`). */
import * as fs from "node:fs";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { CopseError, systemCode } from "../core/errors.ts";
import type { Identity } from "../core/task.ts";
import { debug } from "../system/debug.ts";
import { isAlive, me } from "../system/identity.ts";
import { readMaybe } from "./files.ts";

/** A holder that died is waited out this long, unless the next runner proves it dead before (`freeDeadLock`). */
const staleMs = 5000;

type Done = (error: NodeJS.ErrnoException | null) => void;

/** The lock folder names its holder; the name is made and removed together with the folder. */
const named = {
  ...fs,
  mkdir(path: string, done: Done) {
    fs.mkdir(path, { mode: 0o700 }, (error) => {
      if (!error) noteHolder(path);
      done(error);
    });
  },
  rmdir(path: string, done: Done) {
    fs.rmSync(join(path, holderName), { force: true });
    fs.rmdir(path, done);
  },
  rmdirSync(path: string) {
    fs.rmSync(join(path, holderName), { force: true });
    fs.rmdirSync(path);
  },
};
const holderName = "holder";

/** On a full disk the lock stays nameless, and is waited out as ever. */
function noteHolder(path: string): void {
  try {
    fs.writeFileSync(join(path, holderName), JSON.stringify(me()), { mode: 0o600 });
  } catch (error) {
    debug(() => `lock ${path} does not name its holder: ${String(error)}`);
  }
}

/**
 * Runs `work` while holding the lock named by the path `name` (a folder `name.lock` appears beside it).
 * `work` gets a function that says whether the lock is still ours: ask it before a write that follows an await.
 * @throws CopseError BUSY when it cannot be had within `patienceMs`
 */
export async function withLock<T>(name: string, work: (held: () => boolean) => T | Promise<T>, patienceMs = 15_000): Promise<T> {
  let compromised = false;
  const release = await acquire(name, patienceMs, (error) => {
    compromised = true;
    debug(() => `lock ${name} was lost: ${error.message}`);
  });
  try {
    return await work(() => !compromised);
  } finally {
    await release().catch((error: unknown) => debug(() => `lock ${name}: ${String(error)}`));
  }
}

/** Only "somebody has it" is waited out; a full disk or a folder that is gone is told at once. */
async function acquire(name: string, patienceMs: number, onCompromised: (error: Error) => void): Promise<() => Promise<void>> {
  const deadline = performance.now() + patienceMs;
  for (let waitMs = 2; ; waitMs = Math.min(waitMs * 1.3, 50)) {
    try {
      return await lock(name, { fs: named, realpath: false, stale: staleMs, update: 1000, retries: 0, onCompromised });
    } catch (error) {
      // ENOTEMPTY: a stale one is taken away and taken by somebody else in this moment.
      if (!["ELOCKED", "ENOTEMPTY"].includes(systemCode(error))) throw error;
      if (performance.now() > deadline)
        throw new CopseError("BUSY", `another Copse is writing here: ${name}`, { hint: "Try again in a moment.", cause: error });
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random())));
  }
}

/**
 * Takes away a lock whose holder is proven dead, so that nobody has to wait it out. Only the runner calls this, once, before it works: it is alone in that,
 * and leaves a lock that is old enough for `withLock` of others to take it as stale.
 */
export function freeDeadLock(name: string): void {
  const path = `${name}.lock`;
  try {
    const holder = readMaybe(join(path, holderName));
    if (holder === undefined || Date.now() - fs.statSync(path).mtimeMs > staleMs - 1000) return;
    if (isAlive(JSON.parse(holder) as Identity)) return;
    fs.rmSync(path, { recursive: true, force: true });
    debug(() => `lock ${name} of a dead process is taken away`);
  } catch (error) {
    debug(() => `lock ${name}: ${String(error)}`);
  }
}
