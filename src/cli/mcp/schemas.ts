/** The shapes tools take and give, by the names of the command line: fields of `task_start` are flags of `run`, a task is the one of `--json`. */
import * as z from "zod";
import type { StateName } from "../../core/task.ts";
import { runFlags } from "../flags.ts";
import type { Allowed } from "./call.ts";

const states = ["queued", "preparing", "running", "blocked", "delivering", "completed", "failed", "stopped"] as const satisfies StateName[];

const text = z.string().nullable();
const number = z.number().nullable();

/** One task; fields may be added to it. */
const task = z.looseObject({
  id: z.string(),
  label: z.string(),
  state: z.enum(states),
  since: z.string(),
  repo: z.string(),
  branch: text.describe("Where its commits are"),
  base: text,
  worktree: text.describe("Where it works"),
  worktreeState: z.enum(["none", "present", "kept", "removed"]),
  agent: z.string(),
  sessionId: text,
  pid: number,
  attempt: z.number(),
  priority: z.number(),
  group: text,
  tags: z.array(z.string()),
  after: z.array(z.looseObject({ id: z.string(), label: z.string() })).describe("What has to end well before it starts"),
  startedBy: z.looseObject({ id: z.string(), label: z.string() }).nullable().describe("The task that started it"),
  createdAt: z.string(),
  startedAt: text,
  endedAt: text,
  activity: text,
  filesChanged: z.number(),
  toolCalls: z.number(),
  needs: z
    .looseObject({ kind: z.string(), text: z.string(), options: z.array(z.string()).optional(), since: z.string() })
    .nullable()
    .describe("What it asks, while it is blocked"),
  waitingFor: z
    .looseObject({
      kind: z.string(),
      text: z.string(),
      position: z.number().optional(),
      until: z.string().optional(),
      needsPerson: z.boolean().optional(),
    })
    .nullable(),
  verify: z.looseObject({
    status: z.enum(["verified", "failed", "unverified", "none"]),
    checks: z.array(z.looseObject({ command: z.string(), exitCode: number, durationMs: z.number() })),
  }),
  result: z
    .looseObject({
      outcome: z.enum(["changes", "no-changes"]),
      summary: text,
      commits: z.number(),
      diff: z.looseObject({ files: z.number(), insertions: z.number(), deletions: z.number() }),
      pr: z.looseObject({ number: z.number(), url: z.string() }).nullable(),
      report: z.string(),
    })
    .nullable(),
  failure: z.looseObject({ stage: z.string(), code: z.string(), message: z.string(), hint: text }).nullable(),
  cost: z.looseObject({ usd: number, inputTokens: number, outputTokens: number, turns: number }),
});

export const oneTask = z.looseObject({ task });
export const manyTasks = z.looseObject({ tasks: z.array(task) });
export const shownTask = z.looseObject({ task, events: z.array(z.looseObject({ type: z.string(), seq: z.number(), at: z.string() })) });
export const waitedTasks = z.looseObject({ tasks: z.array(task), timedOut: z.boolean().describe("Not all have settled: call it again") });
export const reported = z.looseObject({
  about: z.string(),
  at: z.string(),
  numbers: z.looseObject({ tasks: z.number(), verified: z.number(), checksFailed: z.number(), usd: number }),
  tasks: z.array(task),
});

export const name = z.string().min(1).describe("Label or id of a task, or an unambiguous beginning of either");
const repo = z.string().min(1).describe("A folder in the repository that is meant; default: the server's own").optional();
const all = z.boolean().describe("Tasks of all repositories").optional();
const tags = z.array(z.string()).describe("Only tasks with all of these tags").optional();

export const listInput = z.strictObject({
  repo,
  all,
  state: z.array(z.enum(states)).describe("Only tasks in one of these states; ended ones of any age").optional(),
  tags,
  group: z.string().describe("Only tasks of this group").optional(),
});
export const nameInput = z.strictObject({ task: name });
export const waitInput = z.strictObject({
  tasks: z.array(name).describe("Default: from within a task, what it has started; else every open task of this repository").optional(),
  any: z.boolean().describe("Until the first has settled, instead of all").optional(),
  timeout: z.string().describe("At most this long, such as 5m; default 50s, as many programs give a tool no more than a minute").optional(),
});
export const answerInput = z.strictObject({
  task: name,
  answer: z
    .enum(["send", "deny"])
    .describe("send (the default): the answer, or guidance where nothing is asked. deny: no to a permission request or plan")
    .optional(),
  text: z.string().describe("What to say; an option's number stands for it. With deny: why").optional(),
});
export const approveInput = z.strictObject({ task: name, always: z.boolean().describe("For the rest of the task").optional() });
export const reportInput = z.strictObject({
  tasks: z.array(name).describe("Default: what has ended since then, and what is open").optional(),
  since: z.string().describe("Such as 2h, yesterday, or a date; default 24h").optional(),
  repo,
  all,
});

/** Flags of `run` that are an agent's to set. Not among them: what runs commands, widens permissions, works outside of a worktree, or notifies the person. */
const settable: Readonly<Record<string, z.ZodType>> = {
  label: z.string(),
  agent: z.string(),
  model: z.string(),
  base: z.string(),
  after: z.array(z.string()),
  "on-failure": z.enum(["skip", "hold", "run"]),
  verify: z.array(z.string()),
  fix: z.int().min(0),
  deliver: z.enum(["report", "branch", "pr"]),
  priority: z.int(),
  group: z.string(),
  tag: z.array(z.string()),
  timeout: z.string(),
  "max-cost": z.number().positive(),
  retries: z.int().min(0),
};

/** Lists are plural where the JSON of a task has them so. */
const fieldOf = (flag: string): string => (flag === "tag" ? "tags" : flag);

const flagsFor = ({ verify }: Allowed) => runFlags.filter((flag) => flag.name in settable && (flag.name !== "verify" || verify));

export const startInput = (allowed: Allowed) =>
  z.strictObject({
    prompt: z.string().min(1).describe("What the task's agent is to do. It knows nothing of this conversation: say all it needs"),
    ...Object.fromEntries(
      flagsFor(allowed).map((flag) => [fieldOf(flag.name), (settable[flag.name] as z.ZodType).describe(flag.describe).optional()]),
    ),
  });

/** The fields as `run` would have read them from a command line. */
export function flagValues(fields: Readonly<Record<string, unknown>>, allowed: Allowed): Record<string, string | string[] | boolean> {
  return Object.fromEntries(
    flagsFor(allowed).flatMap(({ name: flag, kind }) => {
      const value = fields[fieldOf(flag)];
      if (value === undefined) return [];
      return [[flag, kind === "list" ? (value as string[]) : Array.isArray(value) ? value.join(",") : String(value)]];
    }),
  );
}
