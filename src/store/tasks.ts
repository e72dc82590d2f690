/** Task folders: make, read, list, find. The log in the folder is the truth; the index is told of every change. */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { CopseError, systemCode } from "../core/errors.ts";
import { type Fact, logFormat } from "../core/events.ts";
import { foldEvents } from "../core/evolve.ts";
import { sha256 } from "../core/hash.ts";
import { numbered } from "../core/label.ts";
import { isTerminal, type Request, type Task } from "../core/task.ts";
import { removeFile } from "../system/remove-file.ts";
import { cannotWrite, makeDir, readMaybe, syncDir, writeNew } from "./files.ts";
import { noteInIndex } from "./index-file.ts";
import { line, number, readLog } from "./log.ts";
import { envFile, eventsFile, labelsDir, promptFile, reposDir, taskDir, tasksDir } from "./paths.ts";
import { rememberRepoId } from "./repo-ids.ts";

export interface NewTask {
  /** As asked for; null = made from the prompt, and numbered when taken. */
  readonly label: string | null;
  readonly madeLabel: string;
  readonly slugOf: (label: string) => string;
  readonly repo: string;
  readonly repoId: string;
  readonly commonDir: string;
  readonly cwd: string;
  /** The request, once label and slug are known. */
  readonly request: (slug: string) => Request;
  readonly prompt: string;
  /** Follow-ups, in order. */
  readonly followUps?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Is a branch or folder of that slug in the way? Says what, or undefined. */
  readonly taken: (slug: string) => string | undefined;
  /** What is true of it from the beginning. */
  readonly facts?: readonly Fact[];
  /** A thing of which the task must be the only open user, as a claim's name (a checkout it works in). */
  readonly alsoClaim: string | undefined;
}

/**
 * Makes a task whole or not at all: its folder is written beside and renamed into place, after its label was claimed.
 * @throws CopseError LABEL_TAKEN, BRANCH_TAKEN, BUSY, CANNOT_WRITE
 */
export function createTask(state: string, wanted: NewTask, now: Date): Task {
  const id = newId();
  try {
    makeDir(tasksDir(state, wanted.repoId));
    makeDir(labelsDir(state, wanted.repoId));
    rememberRepoId(wanted.commonDir, wanted.repoId, state);
    const { label, slug, claim } = claimLabel(state, wanted, id);
    const claims = [claim];
    try {
      if (wanted.alsoClaim !== undefined) claims.push(claimCheckout(state, wanted, wanted.alsoClaim, id));
      return writeTask(state, wanted, id, label, slug, now);
    } catch (error) {
      for (const file of claims) removeFile(file);
      throw error;
    }
  } catch (error) {
    if (error instanceof CopseError) throw error;
    throw cannotWrite(state, error);
  }
}

function writeTask(state: string, wanted: NewTask, id: string, label: string, slug: string, now: Date): Task {
  const { repo, repoId, cwd } = wanted;
  const fact: Fact = { type: "added", format: logFormat, id, label, slug, repo, repoId, cwd, request: wanted.request(slug) };
  const events = number([fact, ...(wanted.facts ?? [])], 0, now.toISOString(), 0);
  const beside = join(tasksDir(state, repoId), `.new-${id}`);
  const log = events.map(line).join("");
  try {
    mkdirSync(beside, { mode: 0o700 });
    for (const [step, text] of [wanted.prompt, ...(wanted.followUps ?? [])].entries()) writeNew(promptFile(beside, step), text);
    writeNew(envFile(beside), JSON.stringify(wanted.env));
    writeNew(eventsFile(beside), log);
    renameSync(beside, taskDir(state, repoId, id));
    syncDir(tasksDir(state, repoId));
    const task = foldEvents(events);
    noteInIndex(state, task, Buffer.byteLength(log));
    return task;
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw error;
  }
}

/** Eight characters of [0-9a-z], beginning with a letter so that no label of digits is mistaken for one. No secret: a name that is taken is refused by the file system. */
function newId(): string {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  return Array.from({ length: 8 }, (_, i) => letters[Math.floor(Math.random() * (i === 0 ? 26 : 36))]).join("");
}

/**
 * A label belongs to the open task named by its highest claim file `<slug>.<n>`. A claim of an ended (or never made) task is followed by the next number;
 * link(2) lets exactly one contender have that.
 */
function claimLabel(state: string, wanted: NewTask, id: string): { label: string; slug: string; claim: string } {
  for (let n = 1; ; n++) {
    const label = wanted.label ?? numbered(wanted.madeLabel, n);
    const slug = wanted.slugOf(label);
    const inTheWay = wanted.taken(slug);
    const claimed = inTheWay === undefined ? claimSlug(state, wanted.repoId, slug, id) : undefined;
    if (claimed?.ours) return { label, slug, claim: claimed.file };
    if (wanted.label === null && n < 1000) continue;
    // A task that has begun has its branch, too; the label is what is to be said of it.
    const holder = claimed?.by ?? holderOf(state, wanted.repoId, slug);
    if (inTheWay !== undefined && holder === undefined)
      throw new CopseError("BRANCH_TAKEN", `the label ${label} cannot be used: ${inTheWay}`, {
        hint: `Choose another label, or go on with the earlier task: copse show ${label}`,
      });
    if (holder !== undefined && !isMadeSoon(taskDir(state, wanted.repoId, holder)))
      throw new CopseError("BUSY", `the label ${label} is just being given to another task, or its command was killed over that`, {
        hint: "Try again in 10 seconds.",
      });
    throw new CopseError("LABEL_TAKEN", `the label ${label} is in use by an open task (${holder})`, {
      hint: `See \`copse show ${label}\`, or choose another label.`,
    });
  }
}

/** Between a claim and its task's folder lie a few files. */
function isMadeSoon(dir: string): boolean {
  for (let looks = 0; looks < 10 && !existsSync(dir); looks++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  return existsSync(dir);
}

function claimCheckout(state: string, wanted: NewTask, name: string, id: string): string {
  const claimed = claimSlug(state, wanted.repoId, name, id);
  if (claimed.ours) return claimed.file;
  throw checkoutBusy(wanted.cwd, claimed.by);
}

/** The claim of those who work in the checkout `top` itself. */
export const checkoutClaim = (top: string): string => `checkout-${sha256(top).slice(0, 12)}`;

/** Takes a task's label (and checkout) for it again before a new attempt: another task may have them by now. @throws CopseError LABEL_TAKEN, CHECKOUT_BUSY */
export function claimAgain(state: string, task: Task): void {
  for (const name of [task.slug, ...(task.request.worktree ? [] : [checkoutClaim(task.cwd)])]) {
    const claimed = claimSlug(state, task.repoId, name, task.id);
    if (claimed.ours || claimed.by === task.id) continue;
    throw name === task.slug
      ? new CopseError("LABEL_TAKEN", `the label ${task.label} is in use by an open task (${claimed.by})`, {
          hint: `Wait for it first: copse wait ${claimed.by}`,
        })
      : checkoutBusy(task.cwd, claimed.by);
  }
}

const checkoutBusy = (top: string, by: string) =>
  new CopseError("CHECKOUT_BUSY", `another open task (${by}) works in ${top} already`, {
    hint: `Leave out --no-worktree, or wait for it: copse wait ${by}`,
  });

/** Ours now, with the claim's file, or the id of the open task that has it. */
function claimSlug(state: string, repoId: string, slug: string, id: string): { ours: true; file: string } | { ours: false; by: string } {
  const dir = labelsDir(state, repoId);
  for (;;) {
    const numbers = claimsOf(dir, slug);
    const top = numbers.at(-1) ?? 0;
    const holder = holderOf(state, repoId, slug, top);
    if (holder !== undefined) return { ours: false, by: holder };
    const beside = join(dir, `.${id}`);
    removeFile(beside);
    writeNew(beside, id);
    const file = join(dir, `${slug}.${top + 1}`);
    try {
      linkSync(beside, file);
      // As with the epoch: a slow contender may link a number that others have passed already.
      if (claimsOf(dir, slug).at(-1) !== top + 1) {
        removeFile(file);
        continue;
      }
      for (const old of numbers) removeFile(join(dir, `${slug}.${old}`));
      return { ours: true, file };
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    } finally {
      removeFile(beside);
    }
  }
}

/** Whose slug it is, by its highest claim; undefined where that counts no more. */
function holderOf(state: string, repoId: string, slug: string, top?: number): string | undefined {
  const dir = labelsDir(state, repoId);
  const file = join(dir, `${slug}.${top ?? claimsOf(dir, slug).at(-1) ?? 0}`);
  const holder = readMaybe(file);
  return holder && isLabelHeld(state, repoId, holder, file) ? holder : undefined;
}

/** Numbers of the claims to a slug, lowest first. */
function claimsOf(dir: string, slug: string): number[] {
  return readdirSync(dir)
    .filter((name) => name.startsWith(`${slug}.`) && /^\d+$/.test(name.slice(slug.length + 1)))
    .map((name) => Number(name.slice(slug.length + 1)))
    .sort((a, b) => a - b);
}

/** A claim whose task was never made stands for 10 s: its maker may be between claim and folder. */
function isLabelHeld(state: string, repoId: string, id: string, file: string): boolean {
  try {
    return !isTerminal(readTask(taskDir(state, repoId, id)).task);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") return true;
    try {
      return Date.now() - statSync(file).mtimeMs < 10_000;
    } catch {
      return false;
    }
  }
}

/** Folds a task from its log. @throws CopseError for a damaged or newer log; ENOENT when there is no such task. */
export function readTask(dir: string): { task: Task; bytes: number } {
  const { events, bytes } = readLog(eventsFile(dir));
  try {
    return { task: foldEvents(events), bytes };
  } catch (error) {
    if (error instanceof CopseError) throw error;
    throw new CopseError("BUG", `${eventsFile(dir)} cannot be made sense of: ${String(error)}`, {
      hint: "The record is damaged; other tasks are not touched by it. Move its folder away to be rid of it.",
      cause: error,
    });
  }
}

/** Every task folder there is, as (repository id, task id). */
export function listTaskDirs(state: string): { repoId: string; id: string; dir: string }[] {
  return names(reposDir(state)).flatMap((repoId) => {
    const above = tasksDir(state, repoId);
    // Not `join`: with ten thousand of them that is most of the time this takes.
    return names(above)
      .filter((id) => !id.startsWith("."))
      .map((id) => ({ repoId, id, dir: `${above}/${id}` }));
  });
}

/** Changes when a task folder comes or goes; undefined while that was so lately that a further change might not show. */
export function folderStamp(state: string): string | undefined {
  const times = names(reposDir(state)).map((repoId) => [
    repoId,
    statSync(tasksDir(state, repoId), { throwIfNoEntry: false })?.mtimeMs ?? 0,
  ]);
  return times.some(([, time]) => Date.now() - Number(time) < 2000) ? undefined : JSON.stringify(times);
}

/** Folders of tasks that were never finished making. */
export function listHalfMade(state: string): { repoId: string; name: string }[] {
  return names(reposDir(state)).flatMap((repoId) =>
    names(tasksDir(state, repoId))
      .filter((name) => name.startsWith(".new-"))
      .map((name) => ({ repoId, name })),
  );
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return [];
    throw error;
  }
}
