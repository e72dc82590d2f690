/** Short critical sections between processes: one writer of a task's log, one change at a time to a repository. It never decides who the runner is (that is `epoch.ts`). */
import * as fs from "node:fs";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { CopseError, systemCode } from "../core/errors.ts";
import type { Identity } from "../core/task.ts";
import { crashPoint } from "../system/crash.ts";
import { debug } from "../system/debug.ts";
import { isAlive, me } from "../system/identity.ts";
import { readMaybe } from "./files.ts";

/** A holder that died is waited out this long where nothing proves it dead before (`freeDeadLock`). */
const staleMs = 5000;
/** When one that waits first looks whether the holder is dead, and how often then: off Linux a look starts a process. */
const firstLookMs = 50;
const lookMs = 250;

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
    forgetHolder(path);
    fs.rmdir(path, done);
  },
  rmdirSync(path: string) {
    forgetHolder(path);
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

/** Also the name that a process had got out of it and died with. */
function forgetHolder(path: string): void {
  try {
    for (const name of fs.readdirSync(path)) if (name.startsWith(holderName)) fs.rmSync(join(path, name), { force: true });
  } catch (error) {
    debug(() => `lock ${path}: ${String(error)}`);
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
  let lookAt = performance.now() + firstLookMs;
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
    if (performance.now() < lookAt) continue;
    freeDeadLock(name);
    lookAt = performance.now() + lookMs;
  }
}

/** Takes away a lock whose holder is proven dead, so that nobody has to wait it out. Of several that try it at once, one does it; one that is old is left to those who take it as stale. */
function freeDeadLock(name: string): void {
  const path = `${name}.lock`;
  try {
    const holder = readMaybe(join(path, holderName));
    if (holder === undefined || Date.now() - fs.statSync(path).mtimeMs > staleMs - 1000) return;
    if (isAlive(JSON.parse(holder) as Identity)) return;
    // Whoever gets the name out of the folder is the one; it says whether the lock has changed hands since it was read.
    const claim = join(path, `${holderName}.${process.pid}`);
    fs.renameSync(join(path, holderName), claim);
    if (fs.readFileSync(claim, "utf8") !== holder) {
      fs.renameSync(claim, join(path, holderName));
      return;
    }
    crashPoint("lock-claimed");
    const gone = `${path}.${process.pid}`;
    fs.renameSync(path, gone);
    fs.rmSync(gone, { recursive: true, force: true });
    debug(() => `lock ${name} of a dead process is taken away`);
  } catch (error) {
    debug(() => `lock ${name}: ${String(error)}`);
  }
}
