/** One change at a time to a repository's common directory: inside this process by a chain of promises, between processes by a lock in our own state. */
import { withLock } from "../store/lock.ts";

const lanes = new Map<string, Promise<unknown>>();

/** Runs `work` alone for this repository. `name`: a path in our state that stands for it. Keep it to milliseconds: checkouts belong outside. */
export async function inLane<T>(name: string, work: () => Promise<T>): Promise<T> {
  const before = lanes.get(name) ?? Promise.resolve();
  const mine = before.catch(() => {}).then(() => withLock(name, work));
  const settled = mine.catch(() => {});
  lanes.set(name, settled);
  try {
    return await mine;
  } finally {
    if (lanes.get(name) === settled) lanes.delete(name);
  }
}
