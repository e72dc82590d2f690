/** Which open tasks would conflict, as the runner last saw it: one small file, there only while there are any. */
import { rmSync } from "node:fs";
import type { Overlap } from "../core/task.ts";
import { readMaybe, replaceFile } from "./files.ts";
import { overlapsFile } from "./paths.ts";

/** By task id. */
export type Overlaps = Readonly<Record<string, readonly Overlap[]>>;

export function readOverlaps(state: string): Overlaps {
  try {
    return JSON.parse(readMaybe(overlapsFile(state)) ?? "{}") as Overlaps;
  } catch {
    return {};
  }
}

export function writeOverlaps(state: string, overlaps: Overlaps): void {
  if (Object.keys(overlaps).length === 0) rmSync(overlapsFile(state), { force: true });
  else replaceFile(overlapsFile(state), JSON.stringify(overlaps));
}
