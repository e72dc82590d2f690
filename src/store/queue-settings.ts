/** What a person has told the queue besides the configuration: whether it is paused, and a limit of its own. One small file, there only while it says anything. */

import { CopseError } from "../core/errors.ts";
import type { Limits } from "../core/line.ts";
import { removeFile } from "../system/remove-file.ts";
import { cannotWrite, makeDir, readMaybe, replaceFile } from "./files.ts";
import { queueFile } from "./paths.ts";

export interface QueueSettings {
  readonly paused: boolean;
  /** null: as the configuration says. */
  readonly limit: number | null;
}

/** A damaged file says nothing. */
export function readQueueSettings(state: string): QueueSettings {
  let known: { paused?: unknown; limit?: unknown } = {};
  try {
    known = (JSON.parse(readMaybe(queueFile(state)) ?? "{}") ?? {}) as typeof known;
  } catch {
    // Whoever sets anything writes it anew.
  }
  const { paused, limit } = known;
  return { paused: paused === true, limit: Number.isInteger(limit) && (limit as number) > 0 ? (limit as number) : null };
}

/** @throws CopseError CANNOT_WRITE */
export function setQueue(state: string, change: Partial<QueueSettings>): QueueSettings {
  const next = { ...readQueueSettings(state), ...change };
  try {
    makeDir(state);
    if (next.paused || next.limit !== null) replaceFile(queueFile(state), `${JSON.stringify(next)}\n`);
    else removeFile(queueFile(state));
  } catch (error) {
    throw error instanceof CopseError ? error : cannotWrite(state, error);
  }
  return next;
}

/** What the line goes by. */
export const limitsOf = (
  config: { readonly limit: number; readonly groups: Limits["groups"] },
  { paused, limit }: QueueSettings,
): Limits => ({
  machine: limit ?? config.limit,
  groups: config.groups,
  ...(paused ? { paused } : {}),
});
