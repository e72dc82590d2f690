/** Removes what a survey allows, one after the other; one bad entry never stops the rest. */
import { messageOf } from "../core/errors.ts";
import { git } from "../git/git.ts";
import { removeWorktree } from "./remove.ts";
import type { Surveyed } from "./survey.ts";
import { emptyTrash } from "./trash.ts";

export interface Cleaned extends Surveyed {
  readonly removed: boolean;
  readonly rescue: string | null;
  readonly error: string | null;
}

/** `each` hears of every one as it is done. */
export async function clean(state: string, surveyed: readonly Surveyed[], each: (done: Cleaned) => void = () => {}): Promise<Cleaned[]> {
  const all: Cleaned[] = [];
  for (const one of surveyed) {
    const done = one.verdict.remove ? await remove(state, one, one.verdict.why) : { ...one, removed: false, rescue: null, error: null };
    each(done);
    all.push(done);
  }
  emptyTrash(surveyed.flatMap(({ task }) => (task.worktree === null ? [] : [task.worktree])));
  return all;
}

async function remove(state: string, one: Surveyed, why: string): Promise<Cleaned> {
  try {
    return { ...one, removed: true, rescue: await removeWorktree(state, one.task, one.sight, why, one.entries), error: null };
  } catch (error) {
    return { ...one, removed: false, rescue: null, error: messageOf(error) };
  }
}

const rescueRef = /^refs\/copse\/rescue\/[a-z0-9]+\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** Rescues older than this are let go of; git collects them in its own time. @returns how many */
export async function expireRescues(repo: string, days: number, now = new Date()): Promise<number> {
  const refs = (await git(repo, ["for-each-ref", "--format=%(objectname) %(refname)", "refs/copse/rescue"])).split("\n");
  const old = refs.filter((row) => {
    const [, ...parts] = rescueRef.exec(row.slice(row.indexOf(" ") + 1)) ?? [];
    const [year, month, day, hour, minute, second] = parts.map(Number) as [number, number, number, number, number, number];
    return parts.length > 0 && now.getTime() - Date.UTC(year, month - 1, day, hour, minute, second) > days * 86_400_000;
  });
  const input = old.map((row) => `delete ${row.slice(row.indexOf(" ") + 1)} ${row.slice(0, row.indexOf(" "))}\n`).join("");
  if (old.length > 0) await git(repo, ["update-ref", "--stdin"], { input });
  return old.length;
}
