/** `copse pr`: opens the pull request of an ended task, or brings it up to date; `--dry-run` prints all of it, `--refresh` looks what became of it. */

import { CopseError } from "../../core/errors.ts";
import { redact, secretValues } from "../../core/redact.ts";
import { safe } from "../../core/safe.ts";
import { isTerminal, type Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { differenceOf } from "../../git/changes.ts";
import { commitOf } from "../../git/worktrees.ts";
import { preview, publish } from "../../result/publish.ts";
import { append } from "../../store/append.ts";
import { loadConfig } from "../../store/config.ts";
import { out } from "../../system/output.ts";
import { findTask } from "../find.ts";

export interface PrOptions {
  readonly dryRun: boolean;
  readonly ready: boolean;
  readonly json: boolean;
}

export async function pr(name: string, { dryRun, ready, json }: PrOptions): Promise<number> {
  const { task, dir, state } = findTask(name);
  const tip = await tipOf(task);
  const difference = await differenceOf(task.repo, task.base as string, tip);
  const { forges } = loadConfig(null).config;
  const env = process.env;
  const policy = { ...task.request.pr, draft: task.request.pr.draft && !ready };
  const wanted = { task, difference, policy, forges, env, secrets: secretValues(env) };
  if (dryRun) {
    const text = redact(await preview({ ...wanted, dir }));
    out(json ? `${JSON.stringify({ task: task.id, label: task.label, preview: text })}\n` : safe(`${text}\n`));
    return 0;
  }
  if (difference.commits === 0)
    throw new CopseError("WRONG_STATE", `${task.label} has changed nothing, so there is nothing to propose`, {
      hint: `See \`copse show ${task.label}\`.`,
    });
  const pushed = async (remote: string, sha: string) =>
    void (await append(state, task.repoId, task.id, 0, (now) => (now.pushed === sha ? [] : [{ type: "pushed", remote, sha }])));
  const { pr: opened, notes } = await publish({ ...wanted, tip, dir, pushed });
  const done = await append(state, task.repoId, task.id, 0, (now) => [
    ...(opened === null || now.result?.pr?.number === opened.number ? [] : [{ type: "pull-request", pr: opened } as const]),
    ...notes.filter((note) => !now.notes.includes(note)).map((text) => ({ type: "noted", text }) as const),
  ]);
  if (json) out(`${JSON.stringify({ task: taskJson(done.task), pr: opened, notes })}\n`);
  else
    out(
      safe(
        `${[...(opened === null ? [] : [`${task.label}: ${opened.draft ? "draft " : ""}pull request #${opened.number}  ${opened.url}`]), ...notes].join("\n")}\n`,
      ),
    );
  return 0;
}

async function tipOf(task: Task): Promise<string> {
  if (!isTerminal(task))
    throw new CopseError("WRONG_STATE", `${task.label} is ${task.state}; its work is not finished`, {
      hint: `Wait for it: copse wait ${task.label}`,
    });
  const tip = task.branch === null ? undefined : await commitOf(task.repo, `refs/heads/${task.branch}`);
  if (tip !== undefined && task.base !== null) return tip;
  throw new CopseError("WRONG_STATE", `${task.label} has no branch${task.worktreeState === "removed" ? " any more" : ""}`, {
    hint: task.removal?.ref ? `Bring it back: copse restore ${task.label}` : `See \`copse show ${task.label}\`.`,
  });
}
