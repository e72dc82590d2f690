/** What can be read: one function from a path to its answer. Labels and ids in it are looked up, never put together to a path. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { nextCommands } from "../cli/view/words.ts";
import { CopseError } from "../core/errors.ts";
import { redact, redactAll } from "../core/redact.ts";
import { isTerminal, type Task } from "../core/task.ts";
import { budgetOf } from "../store/batches.ts";
import { readMaybe } from "../store/files.ts";
import { readIndex, taskOf } from "../store/index-file.ts";
import { readLog } from "../store/log.ts";
import { eventsFile, promptFile, reportFile, runDir, taskDir } from "../store/paths.ts";
import { readTask } from "../store/tasks.ts";
import * as api from "./api.ts";
import { batchRows, batchView } from "./batches.ts";
import { diffOf, fileDiffOf } from "./diffs.ts";
import type { Feed } from "./feed.ts";
import { formOf } from "./form.ts";
import { lastCheckDir, logPart, wantedOf } from "./log-part.ts";
import { sentences } from "./story.ts";
import { spansOf, withSlots } from "./timeline.ts";

export interface Reads {
  readonly house: { readonly state: string; readonly version: string };
  readonly feed: Feed;
}

const batchMark = Buffer.from('"batch":"');
const mostLooked = 1000;
const timelineMs = 6 * 3_600_000;
const mostInTimeline = 3000;
const longestTimelineMs = 31 * 86_400_000;

/** undefined where there is nothing at that path. @throws CopseError */
export async function answerTo(path: string, query: URLSearchParams, reads: Reads): Promise<unknown> {
  const { feed, house } = reads;
  const [, id, part] = /^\/api\/tasks\/([a-z0-9]{1,48})(?:\/([a-z]{1,12}))?$/.exec(path) ?? [];
  if (id !== undefined) return await taskAnswer(reads, id, part, query);
  const [, batch] = /^\/api\/batches\/([^/]{1,600})$/.exec(path) ?? [];
  if (batch !== undefined) return batchAnswer(reads, decoded(batch), query.get("repo"));
  switch (path) {
    case api.tasksPath:
      return query.has("ended") ? endedAnswer(reads, query) : tasksAnswer(reads);
    case api.queuePath:
      feed.refresh();
      return feed.queue();
    case api.batchesPath:
      return { batches: batchRows(batched(house.state), budgets(house.state)) } satisfies api.BatchesAnswer;
    case api.timelinePath:
      return await timelineAnswer(reads, query.get("since"));
    case api.formPath:
      return formOf(house.state, latest(house.state), house.version);
    default:
      return undefined;
  }
}

function tasksAnswer({ feed, house }: Reads): api.TasksAnswer {
  feed.refresh();
  const tasks = feed.shelf.tasks.flatMap(({ id }) => feed.row(id) ?? []).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return { epoch: feed.epoch, tasks, more: readIndex(house.state).size > tasks.length };
}

function endedAnswer({ feed, house }: Reads, query: URLSearchParams): api.TasksAnswer {
  const before = query.get("ended") || "~";
  const limit = Math.min(200, Math.max(1, Number(query.get("limit") ?? 100) || 100));
  const ended = [...readIndex(house.state).values()]
    .filter(({ endedAt }) => endedAt !== "" && endedAt < before)
    .sort((a, b) => (a.endedAt < b.endedAt ? 1 : -1));
  const tasks = ended.slice(0, limit).map((entry) => feed.row(entry.id) ?? { ...feed.shelf.rowOf(taskOf(entry)), rev: 0 });
  return { epoch: feed.epoch, tasks, more: ended.length > limit };
}

async function taskAnswer(reads: Reads, id: string, part: string | undefined, query: URLSearchParams): Promise<unknown> {
  const { feed, house } = reads;
  feed.refresh();
  const entry = feed.shelf.task(id) ?? indexed(house.state, id);
  if (entry === undefined) throw new CopseError("TASK_NOT_FOUND", `there is no task ${id}`, { hint: "See copse tasks --all" });
  const dir = taskDir(house.state, entry.repoId, id);
  switch (part) {
    case undefined:
      return wholeTask(reads, entry, dir);
    case "events": {
      const after = Number(query.get("after") ?? 0) || 0;
      const events = redactAll(readLog(eventsFile(dir)).events.filter(({ seq }) => seq > after));
      return { events, story: sentences(events) } satisfies api.EventsAnswer;
    }
    case "log":
      return logPart(entry, dir, wantedOf(entry, query));
    case "diff":
      return query.has("path") ? await fileDiffOf(entry, query) : await diffOf(readTask(dir).task);
    case "report":
      return { report: redactedMaybe(readMaybe(reportFile(dir))) } satisfies api.Report;
    default:
      return undefined;
  }
}

function wholeTask({ feed }: Reads, shelved: Task, dir: string): api.TaskAnswer {
  const { events } = readLog(eventsFile(dir));
  const { task: logged } = readTask(dir);
  // What a run shows of itself is in the index only.
  const task = { ...logged, progress: isTerminal(logged) || shelved.state !== logged.state ? logged.progress : shelved.progress };
  const shown = redactAll(events);
  const row = feed.row(task.id) ?? { ...feed.shelf.rowOf(task), rev: 0 };
  return {
    task: { ...row, version: events.length },
    events: shown,
    story: sentences(shown),
    prompt: redact(readMaybe(promptFile(dir)) ?? ""),
    followUps: task.request.followUps.map((first, i) => redact(readMaybe(promptFile(dir, i + 1)) ?? first)),
    verify: task.request.verify,
    runs: Array.from({ length: task.run }, (_, i) => i + 1).filter((run) => existsSync(join(runDir(dir, run), "out"))),
    checks: task.verify.checks.map((check, i) => ({ ...check, output: lastCheckDir(dir, i) !== undefined })),
    next: nextCommands(task).map(redact1),
  };
}

const redact1 = (text: string): string => redact(text);
const redactedMaybe = (text: string | undefined): string | null => (text === undefined ? null : redact(text));

function indexed(state: string, id: string): Task | undefined {
  const entry = readIndex(state).get(id);
  return entry && taskOf(entry);
}

/** Of ten thousand tasks only a few are read: parsing all of them takes as long as a person notices. */
const latest = (state: string): Task[] => [...readIndex(state).values()].slice(-mostLooked).map(taskOf);
const batched = (state: string): Task[] =>
  [...readIndex(state).values()]
    .filter((entry) => entry.mentions(batchMark))
    .map(taskOf)
    .filter(({ request }) => request.batch !== undefined);
const budgets = (state: string) => (repoId: string, name: string) => budgetOf(state, repoId, name);

function batchAnswer({ house }: Reads, name: string, repoId: string | null): api.BatchView {
  const all = batched(house.state).filter(({ request }) => request.batch === name);
  const newest = all.reduce<Task | undefined>(
    (last, task) => (last === undefined || task.createdAt > last.createdAt ? task : last),
    undefined,
  );
  const made = all.filter((task) => task.repoId === (repoId ?? newest?.repoId));
  if (made.length === 0)
    throw new CopseError("TASK_NOT_FOUND", `no task was made by a batch of that name`, { hint: "See copse tasks --all" });
  return batchView(made, budgets(house.state), new Date());
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new CopseError("USAGE", "the path is not well encoded");
  }
}

async function timelineAnswer({ feed, house }: Reads, asked: string | null): Promise<api.Timeline> {
  const now = Date.now();
  const wanted = asked === null ? now - timelineMs : Date.parse(asked);
  if (Number.isNaN(wanted)) throw new CopseError("USAGE", `since: expected a time, got ${JSON.stringify(asked)}`);
  const since = new Date(Math.max(wanted, now - longestTimelineMs)).toISOString();
  const entries = [...readIndex(house.state).values()].filter(({ endedAt }) => endedAt === "" || endedAt > since);
  const spans: Parameters<typeof withSlots>[0][number][] = [];
  for (const [i, { repoId, id }] of entries.slice(-mostInTimeline).entries()) {
    spans.push(...spansOf(eventsMaybe(taskDir(house.state, repoId, id)), since));
    // The runner has other things to do meanwhile.
    if (i % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
  }
  return { from: since, to: new Date(now).toISOString(), limit: feed.queue().limit, spans: withSlots(spans) };
}

/** One damaged log keeps no other from being shown. */
function eventsMaybe(dir: string): ReturnType<typeof readLog>["events"] {
  try {
    return readLog(eventsFile(dir)).events;
  } catch {
    return [];
  }
}
