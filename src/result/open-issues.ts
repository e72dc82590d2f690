/**
 * Issues on the forge for what a task has found (`--open-issues`). An issue carries a fingerprint, so one that is open is brought up to date and never doubled: by the same task after a crash, or by another
 * the night after. One in which a person has written is left as it is.
 */
import { CopseError, messageOf } from "../core/errors.ts";
import type { Issue } from "../core/issues.ts";
import type { IssueSeen } from "../core/opened-issues.ts";
import { secretValues } from "../core/redact.ts";
import type { Task } from "../core/task.ts";
import type { Forge } from "../forge/forge.ts";
import type { TaskRecord } from "../store/record.ts";
import { crashPoint } from "../system/crash.ts";
import { draftsDir, takeDrafts, takenDrafts } from "./drafts.ts";
import { placeOfTask, type Surroundings } from "./forge-of-task.ts";
import { bodyOf, type IssueDraft, markIn, readDraft, titleOf } from "./issue-text.ts";

/** Of one task; a flood helps nobody. */
export const mostIssues = 20;

export interface Opened {
  readonly issues: readonly IssueSeen[];
  readonly notes: readonly string[];
}

/** @throws CopseError LOGIN_NEEDED, FORGE_FAILED: `retry` does it again, and not the agent's work */
export async function openIssues(record: TaskRecord, { env, forges }: Surroundings): Promise<Opened> {
  const { task, dir } = record;
  if (task.request.openIssues === undefined) return { issues: [], notes: [] };
  const notes = await takeDrafts(task, dir);
  const { drafts, left } = draftsIn(task, dir);
  notes.push(...left);
  if (drafts.length === 0) return { issues: [], notes };
  const place = await placeOfTask(task, { env, forges }).catch(noRemote);
  if (place === undefined)
    return {
      issues: [],
      notes: [...notes, `no issue was opened: no forge is known by its remote; what it found is in ${draftsDir(dir, task.run)}`],
    };
  const forge = await place.forge();
  if (forge === null)
    throw new CopseError("LOGIN_NEEDED", `there is no login for ${place.host}, so no issue was opened`, {
      hint: `Log in (gh auth login, or GH_TOKEN), then: copse retry ${task.label}. What it found is kept.`,
    });
  // One task after the other: two that find the same at once make one issue of it.
  return await inTurn(`${place.host} ${task.repoId}`, async () => {
    const open = await forge.tracker.open();
    const issues: IssueSeen[] = [];
    for (const draft of drafts) issues.push(await openOne(draft, task, forge, open, secretValues(env), notes));
    return { issues, notes };
  });
}

/** Of a repository without a remote there is no forge either. */
function noRemote(error: unknown): undefined {
  if (!(error instanceof CopseError) || error.code !== "GIT_FAILED") throw error;
}

/** Each pattern once, as many as are opened; and what is left out, in words. */
function draftsIn(task: Task, dir: string): { drafts: readonly IssueDraft[]; left: readonly string[] } {
  const byPrint = new Map<string, IssueDraft>();
  const left: string[] = [];
  for (const { file, text } of takenDrafts(dir, task.run)) {
    const draft = readDraft(file, text, task.request.batch ?? "");
    if (draft === undefined) left.push(`${file} has no heading to be a title, so it is no issue`);
    else if (byPrint.has(draft.print))
      left.push(`${file} is of the same pattern as ${byPrint.get(draft.print)?.file}, which stands for both`);
    else byPrint.set(draft.print, draft);
  }
  const all = [...byPrint.values()];
  if (all.length > mostIssues)
    left.push(
      `${all.length} issues were asked for, at most ${mostIssues} are opened; left out: ${all
        .slice(mostIssues)
        .map(({ file }) => file)
        .join(", ")} (in ${draftsDir(dir, task.run)})`,
    );
  return { drafts: all.slice(0, mostIssues), left };
}

/** Adds to `notes` what is best effort and did not go well. */
async function openOne(
  draft: IssueDraft,
  task: Task,
  forge: Forge,
  open: readonly Issue[],
  secrets: readonly string[],
  notes: string[],
): Promise<IssueSeen> {
  const { tracker, most } = forge;
  const body = bodyOf(draft, { task, secrets, now: new Date(), most: most.body });
  const there = open.find((one) => markIn(one.body)?.print === draft.print);
  if (there !== undefined) {
    if (markIn(there.body)?.touched)
      notes.push(`issue #${there.number} was found again; somebody has written in it, so it is left as it is`);
    else if (there.body.replaceAll("\r\n", "\n").trimEnd() !== body) await tracker.rewrite(there.number, body);
    return { number: there.number, url: there.url, title: there.title };
  }
  crashPoint("issue-create");
  const { number, url, title } = await tracker.create({ title: titleOf(draft, most.title, secrets), body });
  crashPoint("issue-created");
  if (draft.labels.length > 0)
    await tracker
      .label(number, draft.labels)
      .catch((error: unknown) =>
        notes.push(`labels (${draft.labels.join(", ")}) could not be set on issue #${number}: ${messageOf(error)}`),
      );
  return { number, url, title };
}

const turns = new Map<string, Promise<unknown>>();

async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const mine = (turns.get(name) ?? Promise.resolve()).then(work, work);
  turns.set(name, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(name) === mine) turns.delete(name);
  }
}
