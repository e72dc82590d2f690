/** May this worktree go? Pure: from what was seen, with the reason in words. */
import { isTerminal, type Task } from "../core/task.ts";
import type { Landed } from "../git/landed.ts";
import type { Sight } from "./look.ts";

export type Verdict =
  | { readonly remove: true; readonly why: string; readonly proof: "merged" | "pushed" | "no-commits" | "named" | "missing" }
  | { readonly remove: false; readonly why: string; readonly code: Kept };

export type Kept = "live" | "unreadable" | "locked" | "nested" | "too-big" | "operation" | "dirty" | "unmerged";

/** Where the commits of a worktree have arrived: by commit, of HEAD and of the task's branch. */
export interface Arrival {
  readonly tips: readonly string[];
  readonly landed: ReadonlyMap<string, Landed>;
  readonly pushed: ReadonlySet<string>;
}

/** `named`: a person has asked for this one by name, so it need not be proven safe, only rescuable. `mostBytes`: of files in a rescue. */
export function verdictOn(task: Task, sight: Sight, arrival: Arrival, named: boolean, mostBytes: number): Verdict {
  const keep = (code: Kept, why: string): Verdict => ({ remove: false, code, why });
  if (!isTerminal(task)) return keep("live", `it is ${task.state}`);
  if (task.attachedBy !== null) return keep("live", "somebody is attached to it");
  if (sight.missing) return { remove: true, why: "its folder is gone already", proof: "missing" };
  if (sight.unreadable !== null || sight.status === null) return keep("unreadable", sight.unreadable ?? "it cannot be read");
  if (sight.occupants.length > 0) return keep("live", `process ${sight.occupants.slice(0, 3).join(", ")} works in it`);
  if (sight.locked !== null) return keep("locked", `it is locked${sight.locked === "" ? "" : `: ${sight.locked}`}`);
  if (sight.nested.length > 0)
    return keep("nested", `${sight.nested[0]} is a repository of its own, with commits that no rescue would hold`);
  if (sight.bytes > mostBytes)
    return keep("too-big", `${megabytes(sight.bytes)} of files that are not committed are too much for a rescue (rescueMaxMb)`);
  if (named) return { remove: true, why: "asked for by name", proof: "named" };
  if (sight.operation !== null) return keep("operation", `it is in the middle of a ${sight.operation}`);
  const dirty = sight.status.changed.length + sight.status.untracked.length;
  if (dirty > 0)
    return keep(
      "dirty",
      `${dirty === 1 ? "1 file is" : `${dirty} files are`} not committed: ${[...sight.status.changed, ...sight.status.untracked][0]}`,
    );
  return proven(task, arrival) ?? keep("unmerged", "its commits are neither merged nor pushed");
}

function proven(task: Task, { tips, landed, pushed }: Arrival): Verdict | undefined {
  if (tips.every((tip) => tip === task.base)) return { remove: true, why: "it has no commits", proof: "no-commits" };
  const open = tips.filter((tip) => tip !== task.base);
  if (open.every((tip) => landed.has(tip))) {
    const { by, into } = landed.get(open[0] as string) as Landed;
    return { remove: true, why: `merged into ${into} (${how[by]})`, proof: "merged" };
  }
  if (open.every((tip) => landed.has(tip) || pushed.has(tip))) return { remove: true, why: "pushed", proof: "pushed" };
  return undefined;
}

const how: Readonly<Record<Landed["by"], string>> = {
  "same-commit": "the same commit",
  ancestor: "in its history",
  "no-change": "it changes nothing",
  "same-tree": "the same files",
  "merge-adds-nothing": "a merge would add nothing",
  "same-patch": "the same patches",
};

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`;
