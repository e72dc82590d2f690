/** Removes what a survey allows, those of a repository together; one bad entry never stops the rest. */
import { messageOf } from "../core/errors.ts";
import { git } from "../git/git.ts";
import { type Going, type Gone, removeWorktrees } from "./remove.ts";
import type { Surveyed } from "./survey.ts";
import { emptyTrash } from "./trash.ts";

export interface Cleaned extends Surveyed {
  readonly removed: boolean;
  readonly rescue: string | null;
  readonly error: string | null;
}

/** `each` hears of every one as it is done. In the order of `surveyed`. */
export async function clean(state: string, surveyed: readonly Surveyed[], each: (done: Cleaned) => void = () => {}): Promise<Cleaned[]> {
  const all: Cleaned[] = [];
  for (const some of batches(surveyed)) {
    const gone = await remove(
      state,
      some.flatMap(({ verdict, ...one }) => (verdict.remove ? [{ ...one, why: verdict.why }] : [])),
    );
    for (const one of some) {
      const { rescue, error } = gone.get(one.task.id) ?? { rescue: null, error: null };
      const done = { ...one, removed: one.verdict.remove && error === null, rescue, error };
      each(done);
      all.push(done);
    }
  }
  emptyTrash(surveyed.flatMap(({ task }) => (task.worktree === null ? [] : [task.worktree])));
  return all;
}

/** Enough for git's processes to count little, few enough to hear how it goes and to hold their rescues in memory. */
const most = { worktrees: 20, bytes: 64e6 };

/** Neighbours of one repository. */
function batches(surveyed: readonly Surveyed[]): Surveyed[][] {
  const all: Surveyed[][] = [];
  let bytes = 0;
  for (const one of surveyed) {
    const last = all.at(-1);
    bytes += one.sight.bytes;
    if (last !== undefined && last[0]?.task.repo === one.task.repo && last.length < most.worktrees && bytes <= most.bytes) last.push(one);
    else {
      all.push([one]);
      bytes = one.sight.bytes;
    }
  }
  return all;
}

async function remove(state: string, going: readonly Going[]): Promise<Map<string, Gone>> {
  try {
    return await removeWorktrees(state, going);
  } catch (error) {
    return new Map(going.map(({ task }) => [task.id, { rescue: null, error: messageOf(error) }]));
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
