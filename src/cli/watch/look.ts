/** What is going on, from the files that `copse tasks` reads; starts nothing, needs no runner. Files that have not changed are not read again. */
import { statSync } from "node:fs";
import { waitingFor } from "../../core/line.ts";
import { epochHolder } from "../../store/epoch.ts";
import { type Entry, latelyReader, taskOf } from "../../store/index-file.ts";
import { epochDir, indexFile, overlapsFile, stateDir } from "../../store/paths.ts";
import { isAlive } from "../../system/identity.ts";
import { lookBeside } from "../beside.ts";
import { recent } from "../commands/tasks.ts";
import { waitsForPerson } from "../prerequisites.ts";
import { groupOf, inOrder, type Seen } from "./groups.ts";
import type { Facts } from "./model.ts";

/** Ended tasks that are shown. */
const doneMost = 50;
/** Times and silences grow also where no file changes. */
const agesMs = 1000;

/** Looking takes at most this part of the time, however many tasks have ended lately. */
const share = 10;

/** `hereId`: the repository one stands in. Each call of the result looks; undefined: nothing is new. */
export function watcher(hereId: string | undefined): () => Facts | undefined {
  const read = latelyReader(stateDir());
  let stamp = "";
  let [aged, restUntil] = [0, 0];
  let last: Facts | undefined;
  return () => {
    const now = Date.now();
    const seen = stampOf();
    if (last !== undefined && (now < restUntil || (seen === stamp && now - aged < agesMs))) return undefined;
    const begun = performance.now();
    const isAged = now - aged >= agesMs;
    const tasks = last === undefined || seen !== stamp || last.tasks.some(isTimed) ? look([...read().values()], now) : last.tasks;
    // Asking about a process takes another process where there is no /proc.
    const runner = last === undefined || isAged ? isRunnerUp() : last.runner;
    stamp = seen;
    if (isAged) aged = now;
    // The first look reads everything, the others what is new.
    restUntil = last === undefined ? 0 : now + share * (performance.now() - begun);
    last = { tasks, runner, now, hereId };
    return last;
  };
}

/** Waits for a moment that comes without a file changing, or may have fallen silent. */
const isTimed = ({ task }: Seen): boolean => task.state === "running" || task.notBefore !== null;

function look(entries: readonly Entry[], now: number): Seen[] {
  const tasks = recent(entries, new Date(now), doneMost).map(taskOf);
  const beside = lookBeside(waitingFor(entries.filter(({ state }) => state === "queued").map(taskOf), new Date(now).toISOString()));
  return inOrder(tasks.map((task) => ({ task, beside: beside(task), group: groupOf(task, waitsForPerson(task)) })));
}

function stampOf(): string {
  return [indexFile(stateDir()), overlapsFile(stateDir())]
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat === undefined ? "" : `${stat.ino} ${stat.size} ${stat.mtimeMs}`;
    })
    .join("\n");
}

function isRunnerUp(): boolean {
  const holder = epochHolder(epochDir(stateDir()));
  return holder !== undefined && isAlive(holder);
}
