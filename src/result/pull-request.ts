/**
 * The branch pushed, and one pull request for it: found, made, or brought up to date. Safe to repeat and to race: who comes second adopts what the first has made.
 * A person's pull request is never written over, nor a branch that holds what the task does not.
 */
import { join } from "node:path";
import { CopseError } from "../core/errors.ts";
import type { PrPolicy, PullRequestSeen, Task } from "../core/task.ts";
import type { Ends, Forge, ForgeRepo, PullRequest } from "../forge/forge.ts";
import type { Difference } from "../git/changes.ts";
import { fillTemplate, readOwn } from "../store/templates.ts";
import { crashPoint } from "../system/crash.ts";
import { readCombined } from "./combined.ts";
import { fit, isOurs, markerOf, prValues, titleOf } from "./pr-body.ts";

export interface Wanted {
  readonly task: Task;
  readonly difference: Difference;
  /** Where the branch was pushed to, and where it is to be merged. */
  readonly head: ForgeRepo;
  readonly base: string;
  readonly forge: Forge;
  readonly policy: PrPolicy;
  readonly secrets: readonly string[];
  /** The task's folder in the state. */
  readonly dir?: string;
}

export interface Opened {
  readonly pr: PullRequestSeen | null;
  readonly notes: readonly string[];
}

/** The branch is pushed already. @throws CopseError FORGE_FAILED */
export async function openPullRequest(wanted: Wanted): Promise<Opened> {
  const { task, forge, head, base, policy } = wanted;
  const isMine = (body: string) => isOurs(body, task);
  const ends = { head, branch: task.branch as string, base };
  return await propose({ forge, ends, page: pageOf(wanted), policy, isMine, again: `copse pr ${task.label}` });
}

export interface Page {
  readonly title: string;
  readonly body: string;
}

export interface Proposal {
  readonly forge: Forge;
  readonly ends: Ends;
  readonly page: Page;
  readonly policy: PrPolicy;
  /** Is the pull request with this text to be written over? */
  readonly isMine: (body: string) => boolean;
  /** The command to try again with. */
  readonly again: string;
}

/** One pull request between two branches, found, made, or brought up to date. @throws CopseError FORGE_FAILED */
export async function propose(wanted: Proposal): Promise<Opened> {
  const { forge, ends, page, policy } = wanted;
  const there = await forge.find(ends);
  if (there !== undefined) return await adopt(wanted, there);
  crashPoint("pr-create");
  const made = await forge.create({ ...ends, ...page, draft: policy.draft });
  crashPoint("pr-created");
  if (made.did === "nothing") return { pr: null, notes: ["the forge sees no commits between the branches, so there is no pull request"] };
  if (made.did === "created") return { pr: brief(made.pr), notes: [...made.notes, ...(await forge.extras(made.pr, policy))] };
  const first = await forge.find(ends);
  if (first !== undefined) return await adopt(wanted, first);
  throw new CopseError("FORGE_FAILED", "the forge says there is a pull request for the branch, and shows none", {
    hint: `Try again: ${wanted.again}`,
  });
}

async function adopt({ forge, page, isMine }: Proposal, pr: PullRequest): Promise<Opened> {
  if (!isMine(pr.body))
    return { pr: brief(pr), notes: [`pull request #${pr.number} for this branch is somebody's own; its text is left as it is`] };
  const same = pr.title === page.title && pr.body.replaceAll("\r\n", "\n").trimEnd() === page.body.trimEnd();
  return { pr: brief(same ? pr : await forge.update(pr.number, page)), notes: [] };
}

const brief = ({ number, url, draft, state }: PullRequest): PullRequestSeen => ({ number, url, draft, state, checks: null });

/** What it will say; nothing is asked of anybody. */
export function pageOf({
  task,
  difference,
  forge,
  policy,
  secrets,
  dir,
}: Pick<Wanted, "task" | "difference" | "forge" | "policy" | "secrets" | "dir">): Page {
  const facts = {
    task,
    difference,
    template: ownTemplate(task.worktree ?? task.repo),
    showCost: policy.showCost,
    notes: task.notes,
    secrets,
    combined: dir === undefined || !task.request.joint ? undefined : readCombined(dir),
  };
  const body = fillTemplate(task.repo, "pull-request.md", prValues(facts)).trimEnd();
  const marker = markerOf(task);
  // A repository's template may leave the marker out, or put words behind it.
  const marked = body.endsWith(marker) ? body : `${body.replaceAll(marker, "").trimEnd()}\n\n${marker}`;
  return { title: titleOf(task, forge.most.title, secrets), body: fit(`${marked}\n`, marker, forge.most.body) };
}

const places = ["", ".github", "docs"].flatMap((dir) =>
  ["pull_request_template.md", "PULL_REQUEST_TEMPLATE.md"].map((name) => join(dir, name)),
);

function ownTemplate(dir: string): string {
  for (const place of places) {
    const text = readOwn(dir, place);
    if (text !== undefined) return text.slice(0, 20_000).trim();
  }
  return "";
}
