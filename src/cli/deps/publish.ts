/**
 * A group's branch pushed, and one pull request for it. Outside the branch has the same name for every campaign, so that an open pull request of an earlier one is brought up to date instead of
 * doubled; whose it is, and at which commit it was left, says its last line. What somebody else has pushed to it is never written over.
 */

import { CopseError } from "../../core/errors.ts";
import { secretValues } from "../../core/redact.ts";
import type { PrPolicy } from "../../core/task.ts";
import type { ToPublish } from "../../deps/campaign.ts";
import type { Published } from "../../deps/journal.ts";
import { proposalOf } from "../../deps/page.ts";
import type { ForgeSetting } from "../../forge/address.ts";
import type { PullRequest } from "../../forge/forge.ts";
import { gitMaybe } from "../../git/git.ts";
import { pushBranch, pushRemoteOf, tipAt } from "../../git/remote.ts";
import { fit } from "../../result/pr-body.ts";
import { type Target, targetOf } from "../../result/publish.ts";
import { propose } from "../../result/pull-request.ts";

export interface Publisher {
  /** Root of the repository. */
  readonly repo: string;
  readonly baseRef: string;
  readonly manager: Parameters<typeof proposalOf>[2];
  /** false: the branch is pushed, no more. */
  readonly pr: boolean;
  readonly policy: PrPolicy;
  readonly forges: Readonly<Record<string, ForgeSetting>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The branch a label gets. */
  readonly branch: (label: string) => string;
}

/** @throws CopseError GIT_FAILED, BRANCH_TAKEN, FORGE_FAILED */
export async function publish(publisher: Publisher, what: ToPublish): Promise<Published> {
  const { repo, policy } = publisher;
  const { part, push } = what;
  const remote = await pushRemoteOf(repo);
  const place = await placeFor(publisher, what, remote);
  const commit = place.last !== null && (await isSame(repo, what, place.last)) ? place.last : part.commit;
  await pushBranch(repo, remote, place.branch, commit, place.last);
  if (place.last !== commit) push(remote, place.branch, commit);
  if (place.target === null) return { pr: null, notes: [`pushed to ${remote} as ${place.branch}`] };
  if ("why" in place.target) return { pr: null, notes: [`pushed to ${remote} as ${place.branch}`, place.target.why] };
  const { forge, head, base } = place.target;
  const { title, body } = proposalOf(part, what.page, publisher.manager, secretValues(publisher.env));
  const marker = markerOf(part.group, commit);
  const page = { title: title.slice(0, forge.most.title), body: fit(`${body}\n\n${marker}\n`, marker, forge.most.body) };
  const isMine = (text: string) => commitIn(text, part.group) !== undefined;
  const { pr, notes } = await propose({
    forge,
    ends: { head, branch: place.branch, base },
    page,
    policy,
    isMine,
    again: "copse deps --pr",
  });
  return { pr: pr === null ? null : { number: pr.number, url: pr.url, draft: pr.draft }, notes };
}

interface Place {
  readonly branch: string;
  /** Where the branch may stand now to be written over. */
  readonly last: string | null;
  /** null: there is to be no pull request. */
  readonly target: Target | null;
}

const mostTries = 50;

/** The first name that is free, or ours. */
async function placeFor(publisher: Publisher, { part, pushed }: ToPublish, remote: string): Promise<Place> {
  const { repo, baseRef, forges, env } = publisher;
  for (let n = 1; n <= mostTries; n++) {
    const branch = publisher.branch(`deps${part.group === "" ? "" : `-${part.group}`}${n === 1 ? "" : `-${n}`}`);
    const tip = (await tipAt(repo, remote, branch)) ?? null;
    const target = publisher.pr ? await targetOf({ repo, branch, baseRef, forges, env }, remote) : null;
    if (tip === null || tip === part.commit) return { branch, last: tip, target };
    const mine = pushed.some((one) => one.remote === remote && one.branch === branch && one.commit === tip);
    const open = target === null || "why" in target ? undefined : await target.forge.find({ head: target.head, branch, base: target.base });
    const left = open === undefined ? undefined : commitIn(open.body, part.group);
    if (mine || left === tip) return { branch, last: tip, target };
    if (open !== undefined && left !== undefined) throw goneOn(open, branch, part.branch);
  }
  throw new CopseError("BRANCH_TAKEN", `${mostTries} branches of ${remote} that are not this campaign's have the names it would give`, {
    hint: "Remove those that are merged, then run the same command again.",
  });
}

/** Is what stands there the very same update of the very same base? Then nobody's checks are started anew for it. */
async function isSame(repo: string, { part, page }: ToPublish, there: string): Promise<boolean> {
  const [trees, base, commits] = await Promise.all([
    gitMaybe(repo, ["rev-parse", `${there}^{tree}`, `${part.commit}^{tree}`]),
    gitMaybe(repo, ["merge-base", there, part.commit]),
    gitMaybe(repo, ["rev-list", "--count", `${page.asked.base}..${there}`]),
  ]);
  const [one, other] = trees?.trim().split("\n") ?? [];
  return one !== undefined && one === other && base?.trim() === page.asked.base && Number(commits) === part.commits;
}

const goneOn = (pr: PullRequest, branch: string, local: string): CopseError =>
  new CopseError(
    "BRANCH_TAKEN",
    `somebody has pushed to ${branch} since pull request #${pr.number} was opened (${pr.url}); it is left alone`,
    {
      hint: `What was checked now is on ${local}. Merge or close #${pr.number}, then run the same command again: no check is repeated.`,
    },
  );

const nameOf = (group: string): string => (group === "" ? "all" : group);

const markerOf = (group: string, commit: string): string => `<!-- copse deps ${nameOf(group)} ${commit} -->`;

/** The commit our own pull request was left at; undefined: it is not ours. Only the last line counts. */
function commitIn(body: string, group: string): string | undefined {
  const [, name, commit] =
    /^<!-- copse deps ([\w-]+) ([0-9a-f]{40,64}) -->$/.exec(body.trimEnd().split(/\r?\n/).at(-1)?.trim() ?? "") ?? [];
  return name === nameOf(group) ? commit : undefined;
}
