/** Starts a batch: every task is looked at first, then all are made, or none. */

import type { Step } from "../../batch/again.ts";
import { withBranches } from "../../batch/branches.ts";
import { mostOpenFromOne } from "../../core/descent.ts";
import { CopseError } from "../../core/errors.ts";
import type { Task } from "../../core/task.ts";
import type { Repository } from "../../git/repository.ts";
import type { Loaded } from "../../store/config.ts";
import { stateDir, taskDir } from "../../store/paths.ts";
import type { NewTask } from "../../store/tasks.ts";
import { createTask } from "../../store/tasks.ts";
import { callingTask } from "../caller.ts";
import { tryAgain } from "../commands/retry.ts";
import type { Parsed } from "../flags.ts";
import { openTasksIn } from "../open-tasks.ts";
import { type OfBatch, prepare } from "../submit.ts";
import { tellRunner } from "../tell-runner.ts";
import { joinAgain, joinQueued, requireQuietJoint } from "./rejoin.ts";
import type { Source } from "./source.ts";
import { undo, untold } from "./undo.ts";

type TrustAsked = ((loaded: Loaded, repo: Repository) => Promise<void>) | undefined;

/** What would refuse any of them is found; nothing is written. @returns warnings. @throws CopseError with the place in the file */
export async function checkSteps(source: Source, steps: readonly Step[], repo: Repository, trustAsked: TrustAsked): Promise<string[]> {
  const caller = callingTask();
  const open = openTasksIn(repo.id);
  const mine = open.filter((task) => task.request.startedBy?.id === caller?.id).length;
  const starting = steps.filter(({ action }) => action.do === "start");
  if (caller !== undefined && mine + starting.length > mostOpenFromOne)
    throw new CopseError(
      "BUSY",
      `${caller.label} may have ${mostOpenFromOne} open tasks of its own, and this batch would make it ${mine + starting.length}`,
      {
        hint: "Start part of it, wait for that, then start the rest.",
      },
    );
  const warnings = new Set<string>();
  const ready = preparer(source, trustAsked, caller);
  requireQuietJoint(steps, (error, { planned }) => placed(error, source, planned));
  for (const step of steps.filter(isPrepared)) {
    const { wanted, warnings: said } = await ready(step, []);
    for (const warning of said) warnings.add(warning);
    if (step.action.do === "start") requireFree(step, wanted, open, source);
  }
  return [...warnings];
}

/** @returns the tasks at work or to be so, by their keys; made in this order, or not at all. @throws CopseError */
export async function startSteps(source: Source, steps: readonly Step[], trustAsked: TrustAsked): Promise<{ made: Task[]; all: Task[] }> {
  const state = stateDir();
  const ready = preparer(source, trustAsked, callingTask());
  const byKey = new Map(
    steps.flatMap(({ planned, action }) => ("task" in action && action.task ? [[planned.key, action.task] as const] : [])),
  );
  const made: Task[] = [];
  const again: Task[] = [];
  const beginning = Date.now();
  try {
    // First, for what is new may wait for one that had failed.
    for (const { planned, action } of steps)
      if (action.do === "retry" && !planned.joint) {
        const { task } = action;
        again.push(await tryAgain({ task, dir: taskDir(state, task.repoId, task.id), state }));
        byKey.set(planned.key, again.at(-1) as Task);
      }
    for (const step of steps.filter(({ action }) => action.do === "start")) {
      // Each a millisecond behind the one before: the line goes by that.
      const { wanted } = await ready(
        step,
        step.planned.needs.flatMap((key) => byKey.get(key) ?? []),
        byKey.get(step.planned.baseKey ?? ""),
      );
      const task = await madeInTime(() => createTask(state, wanted, new Date(Math.max(Date.now(), beginning + made.length))));
      made.push(task);
      byKey.set(step.planned.key, task);
    }
    const joint = steps.find(({ planned }) => planned.joint);
    const members = steps.flatMap(({ planned }) => (planned.joint ? [] : (byKey.get(planned.key) ?? [])));
    if (joint !== undefined && joint.action.do !== "start" && joint.action.task !== null) {
      const { action } = joint;
      const wanted = isPrepared(joint) ? (await ready(joint, members)).wanted : undefined;
      if (action.do === "retry") byKey.set(joint.planned.key, await joinAgain(action, wanted));
      else if (wanted !== undefined) byKey.set(joint.planned.key, await joinQueued(action, wanted));
    }
  } catch (error) {
    throw await undo(error, { made, again });
  }
  try {
    for (const task of made) await tellRunner(state, task.repoId, task.id);
  } catch (error) {
    throw untold(error, made);
  }
  return { made, all: steps.flatMap(({ planned }) => byKey.get(planned.key) ?? []) };
}

/** A task will be made of it, or its joint task is asked for anew. */
const isPrepared = ({ action }: Step): boolean => action.do === "start" || action.anew === true;

/** A command that was killed while it made a task leaves its label taken for ten seconds. */
const patienceMs = 12_000;

async function madeInTime(make: () => Task): Promise<Task> {
  for (const deadline = Date.now() + patienceMs; ; ) {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof CopseError) || error.code !== "BUSY" || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

/** A step as `run` would make it; refusals say where in the file. */
function preparer(source: Source, trustAsked: TrustAsked, caller: Task | undefined) {
  const agentsFound = new Set<string>();
  return async (
    { planned, content }: Step,
    after: readonly Task[],
    base?: Task,
  ): Promise<{ wanted: NewTask; warnings: readonly string[] }> => {
    const branches = after.map((task) => task.branch ?? task.request.branchName);
    const { flags, exec, prompt, label, labelGiven, key, joins, joint, issue } =
      after.length === 0 ? planned : withBranches(planned, branches);
    // While it is only looked at, those it needs are not made yet.
    const { "on-failure": _policy, ...others } = flags;
    const parsed: Parsed = {
      values: {
        ...(after.length === 0 && planned.needs.length > 0 ? others : flags),
        background: true,
        ...(labelGiven ? { label } : {}),
        ...(exec === null ? {} : { exec: true }),
        ...(after.length === 0 || joint ? {} : { after: after.map(({ id }) => id) }),
        ...(base === undefined ? {} : { base: `@${base.id}` }),
      },
      words: exec === null || joint ? [prompt] : [],
      rest: exec ?? undefined,
    };
    const name = source.name;
    const mine = { key, content, needs: planned.needs, madeLabel: label, joins, joint: joint ? after : undefined, issue };
    const batch: OfBatch = { name, ...mine, limit: source.limit, agentsFound };
    return await prepare(parsed, trustAsked, caller, batch).catch((error: unknown) => {
      throw placed(error, source, planned);
    });
  };
}

function placed(error: unknown, source: Source, planned: Step["planned"]): unknown {
  if (!(error instanceof CopseError) || ["NOT_TRUSTED", "LOGIN_NEEDED", "BAD_CONFIG"].includes(error.code)) return error;
  const [, flag] = /^--([a-z-]+)/.exec(error.message) ?? [];
  const byCode = { BASE_NOT_FOUND: "base", AGENT_NOT_FOUND: planned.exec === null ? "agent" : "exec", BAD_LABEL: "label" } as Record<
    string,
    string
  >;
  return new CopseError(error.code, `${source.placeOf(planned, flag ?? byCode[error.code])}: task \`${planned.key}\`: ${error.message}`, {
    ...(error.hint === null ? {} : { hint: error.hint }),
    cause: error,
  });
}

/** A label that the file gives must be free; one that is made gets a number. @throws CopseError LABEL_TAKEN, BRANCH_TAKEN */
function requireFree({ planned }: Step, wanted: NewTask, open: readonly Task[], source: Source): void {
  if (wanted.label === null) return;
  const at = source.placeOf(planned, "label");
  const slug = wanted.slugOf(wanted.label);
  const holder = open.find((task) => task.slug === slug);
  if (holder)
    throw new CopseError("LABEL_TAKEN", `${at}: the label ${wanted.label} is in use by an open task (${holder.id})`, {
      hint: `See \`copse show ${wanted.label}\`, or choose another label.`,
    });
  const inTheWay = wanted.taken(slug);
  if (inTheWay !== undefined)
    throw new CopseError("BRANCH_TAKEN", `${at}: the label ${wanted.label} cannot be used: ${inTheWay}`, {
      hint: "Choose another label, or leave it out: one that is made gets a number.",
    });
}
