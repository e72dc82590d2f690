/** Tells the runner that a task is new or has changed: by its bell where one hangs, else over its socket; starts a runner where there is none. */
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { bellName, runnerDir } from "../store/paths.ts";
import { version } from "../version.ts";

/** @throws CopseError RUNNER_UNREACHABLE, NEWER_RUNNER, CANNOT_WRITE */
export async function tellRunner(state: string, repoId: string, id: string): Promise<void> {
  if (ring(state, repoId, id)) return;
  const { poke } = await import("./client.ts");
  await poke(state, repoId, id);
}

/** False when no runner of this version listens, or its bell cannot take more just now. */
function ring(state: string, repoId: string, id: string): boolean {
  let fd: number | undefined;
  try {
    fd = openSync(join(runnerDir(state), bellName(version)), constants.O_WRONLY | constants.O_NONBLOCK);
    const line = `${repoId} ${id}\n`;
    return writeSync(fd, line) === line.length;
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
