/** `copse runner pause|resume|limit`: what the queue does until told otherwise. It is on disk; a runner that is up looks at once. */
import { CopseError } from "../../core/errors.ts";
import { loadConfig } from "../../store/config.ts";
import { stateDir } from "../../store/paths.ts";
import { type QueueSettings, setQueue } from "../../store/queue-settings.ts";
import { out } from "../../system/output.ts";
import { findRunner } from "../client.ts";

export const setPaused = (paused: boolean, json: boolean): Promise<number> => change({ paused }, json);

/** @throws CopseError USAGE */
export async function setLimit(wanted: string, json: boolean): Promise<number> {
  if (wanted !== "default" && !/^[1-9]\d{0,3}$/.test(wanted))
    throw new CopseError("USAGE", `expected a number of tasks from 1 up, or default, got "${wanted}"`, {
      hint: "Nothing at all: copse runner pause",
    });
  return await change({ limit: wanted === "default" ? null : Number(wanted) }, json);
}

async function change(wanted: Partial<QueueSettings>, json: boolean): Promise<number> {
  const state = stateDir();
  const settings = setQueue(state, wanted);
  const link = await findRunner(state);
  await link?.ask({ do: "settings" }).catch(() => undefined);
  link?.close();
  const limit = settings.limit ?? loadConfig(null).config.limit;
  if (json) out(`${JSON.stringify({ queue: { paused: settings.paused, limit } })}\n`);
  else
    out(
      `${settings.paused ? "The queue is paused: nothing more starts, what runs goes on (copse runner resume). Its limit is" : "Up to"} ${limit} ${limit === 1 ? "task" : "tasks"}${settings.paused ? "" : limit === 1 ? " runs at a time" : " run at once"}${settings.limit === null ? "" : "; copse runner limit default takes the configured one again"}.\n`,
    );
  return 0;
}
