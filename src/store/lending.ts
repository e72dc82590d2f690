/**
 * A run that does nothing but wait for other tasks lends its slot: tasks that wait for tasks they started could else hold every slot for ever.
 * Said by a file that names the process that waits, so a killed one takes it back by itself.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Identity } from "../core/task.ts";
import { debug } from "../system/debug.ts";
import { isAlive, me } from "../system/identity.ts";
import { removeFile } from "../system/remove-file.ts";

let waits = 0;

/** `run`: the folder of the run that waits. @returns takes the slot back. Best effort: without it the wait only lasts longer. */
export function lendSlot(run: string): () => void {
  const file = join(run, "lends", `${process.pid}.${++waits}`);
  try {
    mkdirSync(join(run, "lends"), { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify(me()), { mode: 0o600 });
    return () => removeFile(file);
  } catch (error) {
    debug(() => `the slot is not lent: ${String(error)}`);
    return () => {};
  }
}

/** Does a live process of the run wait for other tasks? */
export function isSlotLent(run: string): boolean {
  const dir = join(run, "lends");
  if (!existsSync(dir)) return false;
  return readdirSync(dir).some((name) => {
    try {
      return isAlive(JSON.parse(readFileSync(join(dir, name), "utf8")) as Identity);
    } catch {
      // Just being written, or just removed.
      return false;
    }
  });
}
