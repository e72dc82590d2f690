/** Takes a task's branch out of the house: pushed, and where asked a pull request for it. What only a login or a forge lacks leaves a pushed branch and a link, not a failed task. */
import { join } from "node:path";
import type { PrPolicy, Task } from "../core/task.ts";
import { compareUrl, type ForgeSetting, forgeOf } from "../forge/address.ts";
import { driverFor } from "../forge/driver.ts";
import type { Forge, ForgeRepo } from "../forge/forge.ts";
import { tokenFor } from "../forge/login.ts";
import type { Difference } from "../git/changes.ts";
import { baseRemoteOf, pushBranch, pushRemoteOf, pushUrlOf } from "../git/remote.ts";
import { withLock } from "../store/lock.ts";
import { type Opened, openPullRequest, pageOf } from "./pull-request.ts";

export interface Publish {
  readonly task: Task;
  readonly tip: string;
  readonly difference: Difference;
  readonly policy: PrPolicy;
  readonly forges: Readonly<Record<string, ForgeSetting>>;
  /** Of the person who submitted: logins are in it. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly secrets: readonly string[];
  /** The task's folder in the state. */
  readonly dir: string;
  readonly pushed: (remote: string, sha: string) => Promise<void>;
}

/** @throws CopseError GIT_FAILED, BRANCH_TAKEN, FORGE_FAILED */
export async function pushOnly({ task, tip, pushed }: Pick<Publish, "task" | "tip" | "pushed">): Promise<string> {
  const remote = await pushRemoteOf(task.repo);
  await pushBranch(task.repo, remote, task.branch as string, tip, task.pushed);
  await pushed(remote, tip);
  return remote;
}

/** @throws CopseError as `pushOnly` */
export async function publish(wanted: Publish): Promise<Opened> {
  // One at a time for a task on this machine; what another machine does meanwhile, the forge and the lease on the branch tell.
  return await withLock(join(wanted.dir, "pull-request"), async () => {
    const remote = await pushOnly(wanted);
    const { repo, baseRef, branch } = wanted.task;
    const target = await targetOf({ ...wanted, repo, baseRef, branch: branch as string }, remote);
    if ("why" in target) return { pr: null, notes: [target.why] };
    return await openPullRequest({ ...wanted, ...target });
  });
}

/** What would be done, in words; nothing is pushed, nobody is asked. */
export async function preview(wanted: Omit<Publish, "pushed" | "tip">): Promise<string> {
  const { task, policy } = wanted;
  const remote = await pushRemoteOf(task.repo);
  const url = await pushUrlOf(task.repo, remote);
  const base = baseOf(task) ?? "the default branch";
  const { title, body } = pageOf({ ...wanted, forge: { most: { title: 256, body: 65_536 } } as Forge });
  const more = [
    policy.draft ? "as a draft" : "",
    policy.labels.length > 0 ? `labels ${policy.labels.join(", ")}` : "",
    policy.reviewers.length > 0 ? `reviewers ${policy.reviewers.join(", ")}` : "",
    policy.autoMerge === null ? "" : `auto-merge (${policy.autoMerge})`,
  ].filter((part) => part !== "");
  return `push ${task.branch} to ${remote} (${url})\npull request into ${base}${more.length > 0 ? `, ${more.join(", ")}` : ""}\n\n${title}\n\n${body}`;
}

export type Target = { readonly forge: Forge; readonly head: ForgeRepo; readonly base: string } | { readonly why: string };

/** A branch that is to be merged where it began. */
export interface Source extends Pick<Publish, "forges" | "env"> {
  readonly repo: string;
  readonly branch: string;
  readonly baseRef: string | null;
}

/** The forge a branch that was pushed to `remote` is proposed on, or why there is none. @throws CopseError GIT_FAILED, FORGE_FAILED */
export async function targetOf({ repo: dir, branch, baseRef, forges, env }: Source, remote: string): Promise<Target> {
  const pushUrl = await pushUrlOf(dir, remote);
  const baseRemote = (await baseRemoteOf(dir)) ?? remote;
  const url = baseRemote === remote ? pushUrl : await pushUrlOf(dir, baseRemote);
  const [head, repo] = [forgeOf(pushUrl, forges, env), forgeOf(url, forges, env)];
  const byHand = (why: string): Target => {
    const link = compareUrl(url, baseOf({ baseRef }) ?? "main", branch, repo?.kind);
    return { why: `the branch is pushed, but there is no pull request: ${why}${link === undefined ? "" : `; open it here: ${link}`}` };
  };
  if (head === undefined || repo === undefined) return byHand("no forge is known by that remote (see `forges` in your configuration)");
  if (head.kind !== repo.kind || head.host !== repo.host) return byHand(`${remote} and ${baseRemote} are on different forges`);
  const token = await tokenFor(repo, env, dir);
  if (token === null) return byHand(`there is no login for ${repo.host} (gh auth login, or GH_TOKEN)`);
  const forge = await driverFor(repo, token);
  return { forge, head, base: baseOf({ baseRef }) ?? (await forge.defaultBranch()) };
}

/** The branch it began from, where that is one of the remote's: `origin/main` → `main`. */
function baseOf({ baseRef }: Pick<Task, "baseRef">): string | null {
  const [, branch] = /^(?:origin|upstream)\/(.+)$/.exec(baseRef ?? "") ?? [];
  return branch === undefined || branch === "HEAD" ? null : branch;
}
