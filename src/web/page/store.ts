/** The page's one state, kept up to date by the event stream: messages are gathered and applied once a frame. */
import {
  type EventsAnswer,
  type EventsMessage,
  type OutputMessage,
  type QueueState,
  queuePath,
  type Reset,
  type TaskAnswer,
  type TaskRow,
  type TasksAnswer,
  taskEventsPath,
  taskPath,
  tasksPath,
} from "../api.ts";
import { box } from "./box.ts";
import { Refusal, read } from "./client.ts";
import type { StreamMessage } from "./pure/sse.ts";
import { behind, emptyState, forgotten, type State, withAll, withEvents, withLife, withOlder, withRows } from "./pure/state.ts";
import { follow, type Link } from "./stream.ts";

export const state = box<State>(emptyState);
export const link = box<Link>({ kind: "connecting" });
/** What could not be loaded, said once. */
export const trouble = box<Refusal | null>(null);
/** The time, once a second while anybody looks. */
export const now = box(Date.now());

/** How many looks at all tasks were asked for, and answered; how often the queue was told of. */
let [resets, answered, queues] = [0, 0, 0];
const againMs = 1000;

/** Messages that have come since the last frame. */
let come: StreamMessage[] = [];
let nudge: () => void = () => {};

export function start(): void {
  nudge = follow(
    (message) => {
      // A page in the background is given no frames, and must still count what needs its person.
      if (come.push(message) === 1) document.hidden ? setTimeout(apply, 200) : requestAnimationFrame(apply);
    },
    (next) => {
      link.set(next);
      if (next.kind === "live") void lookAtAll();
    },
  );
  setInterval(() => !document.hidden && now.set(Date.now()), 1000);
  document.addEventListener("visibilitychange", () => {
    now.set(Date.now());
    // The frame that was asked for before it was hidden may never come.
    if (come.length > 0) apply();
  });
}

/** Tries the connection at once. */
export const tryNow = (): void => nudge();

function apply(): void {
  const messages = come;
  come = [];
  let next = state.get();
  let rows = new Map<string, TaskRow>();
  const gaps = new Set<string>();
  const putRows = () => {
    if (rows.size > 0) next = withRows(next, [...rows.values()]);
    rows = new Map();
  };
  for (const { event, data } of messages) {
    switch (event) {
      case "task": {
        const row = JSON.parse(data) as TaskRow;
        if ((rows.get(row.id)?.rev ?? -1) <= row.rev) rows.set(row.id, row);
        break;
      }
      case "events": {
        const message = JSON.parse(data) as EventsMessage;
        const done = withEvents(next, message.id, message);
        next = done.state;
        if (done.gap) gaps.add(message.id);
        break;
      }
      case "output": {
        const { id, run, bytes } = JSON.parse(data) as OutputMessage;
        next = { ...next, grown: new Map(next.grown).set(id, { run, bytes }) };
        break;
      }
      case "queue":
        queues++;
        next = { ...next, queue: JSON.parse(data) as QueueState };
        break;
      case "reset": {
        putRows();
        next = forgotten(next);
        resets++;
        void lookAtAll();
        for (const id of behind(next, (JSON.parse(data) as Reset).versions)) gaps.add(id);
      }
    }
  }
  putRows();
  state.set(next);
  for (const id of gaps) void fillGap(id);
}

let looking = false;

/** Loads what a `reset` asks for. The stream may go on where it was without another one, so it is tried until it is there. */
async function lookAtAll(): Promise<void> {
  if (looking) return;
  looking = true;
  while (answered < resets && link.get().kind === "live") {
    const [reset, queue] = [resets, queues];
    const well = await tell(async () => {
      const [all, found] = await Promise.all([read<TasksAnswer>(tasksPath), read<QueueState>(queuePath)]);
      // What the stream said meanwhile is newer.
      state.set({ ...withAll(state.get(), all), ...(queues === queue ? { queue: found } : {}) });
      answered = reset;
    });
    if (!well) await new Promise((resolve) => setTimeout(resolve, againMs));
  }
  looking = false;
}

const filling = new Set<string>();

/** Asks for events until there are as many as the task's row speaks of: some may come while the answer is on its way. */
async function fillGap(id: string): Promise<void> {
  if (filling.has(id)) return;
  filling.add(id);
  await tell(async () => {
    for (;;) {
      const life = state.get().lives.get(id);
      if (life === undefined) return;
      const answer = await read<EventsAnswer>(taskEventsPath(id), { after: life.version });
      state.set(withEvents(state.get(), id, answer).state);
      if (answer.events.length === 0 || !isBehind(id)) return;
    }
  });
  filling.delete(id);
}

function isBehind(id: string): boolean {
  const { lives, rows } = state.get();
  return (lives.get(id)?.version ?? Number.POSITIVE_INFINITY) < (rows.get(id)?.version ?? 0);
}

/** A task's life, from its log; then kept up to date like the rest. @throws Refusal */
export async function openLife(id: string): Promise<void> {
  const answer = await read<TaskAnswer>(taskPath(id));
  state.set(withLife(state.get(), answer));
  if (isBehind(id)) await fillGap(id);
}

export async function loadOlder(): Promise<void> {
  const ended = [...state.get().rows.values()].map(({ endedAt }) => endedAt).filter((at) => at !== null);
  await tell(async () => {
    const answer = await read<TasksAnswer>(tasksPath, { ended: ended.sort()[0] ?? new Date().toISOString(), limit: 200 });
    state.set(withOlder(state.get(), answer));
  });
}

/** @returns whether it went well */
async function tell(deed: () => Promise<void>): Promise<boolean> {
  try {
    await deed();
    trouble.set(null);
    return true;
  } catch (error) {
    // An unreachable server is the link's to say.
    if (error instanceof Refusal && error.status === 0) return false;
    trouble.set(error instanceof Refusal ? error : new Refusal({ code: "PAGE", message: String(error), hint: "Load the page again." }, 0));
    return false;
  }
}
