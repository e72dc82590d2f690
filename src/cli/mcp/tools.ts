/** The tools: each is a command of the command line, done by the same functions. What a tool does not use is not loaded. */
import { parseDuration } from "../../core/duration.ts";
import { CopseError } from "../../core/errors.ts";
import { redactAll } from "../../core/redact.ts";
import type { Task } from "../../core/task.ts";
import { taskJson } from "../../core/task-json.ts";
import { lookBeside, lookBesideNow } from "../beside.ts";
import { callingTaskIn } from "../caller.ts";
import { type Found, findTask, repositoryMaybe } from "../find.ts";
import { openTasks } from "../open-tasks.ts";
import { isSettled, untilSettled } from "../settle.ts";
import { type Allowed, type Call, type Tool, tool } from "./call.ts";
import * as schemas from "./schemas.ts";
import { listText, taskText } from "./text.ts";

/** Under the minute that the protocol's own clients give a call. */
const waitFor = "50s";
const progressMs = 2000;

const looks = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
/** Sets an agent to work, which may reach the network. */
const setsToWork = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true };

export function tools(allowed: Allowed): Tool[] {
  return [list, show, start(allowed), wait, answer, ...(allowed.approve ? [approve] : []), stop, report];
}

const list = tool({
  name: "tasks_list",
  title: "List tasks",
  description: "Open and recent tasks of this repository: state, what they do or ask, what came of them.",
  annotations: looks,
  input: schemas.listInput,
  output: schemas.manyTasks,
  async run({ repo, tags = [], ...values }) {
    const { looker } = await import("../commands/tasks.ts");
    const { tasks, waiting } = looker({ ...values, tag: tags }, repo ?? process.cwd())();
    const beside = lookBeside(waiting);
    return { data: { tasks: tasks.map((task) => taskJson(task, beside(task))) }, text: listText(tasks, beside, values.all === true) };
  },
});

const show = tool({
  name: "task_show",
  title: "Show a task",
  description: "One task, with everything that happened to it.",
  annotations: looks,
  input: schemas.nameInput,
  output: schemas.shownTask,
  async run({ task: name }) {
    const { lookAt, shownJson } = await import("../commands/show.ts");
    const looked = lookAt(name);
    return { data: shownJson(looked), text: taskText(looked.task, looked.beside) };
  },
});

const start = (allowed: Allowed) =>
  tool({
    name: "task_start",
    title: "Start a task",
    description:
      "Gives work to an agent of its own, in its own git worktree and branch, and returns at once. It waits in a queue with a limit; call task_wait for its end. Its commits are then on its branch, to be looked at and merged.",
    annotations: setsToWork,
    input: schemas.startInput(allowed),
    output: schemas.oneTask,
    async run({ prompt, ...fields }) {
      // A lone dash is standard input to `run`, which is the protocol's here.
      if (prompt === "-") throw new CopseError("BAD_PROMPT", "the prompt is a lone dash", { hint: "Say what is to be done." });
      const { besideNew, start: startTask } = await import("../commands/run.ts");
      const parsed = { values: { ...schemas.flagValues(fields, allowed), background: true }, words: [prompt], rest: undefined };
      const { task, warnings } = await startTask(parsed, undefined, caller());
      const beside = besideNew(task);
      const said = warnings.map((warning) => `\nWarning: ${warning}`).join("");
      return { data: { task: taskJson(task, beside) }, text: `${task.label} (${task.id}) is queued.${said}` };
    },
  });

const wait = tool({
  name: "task_wait",
  title: "Wait for tasks",
  description:
    "Waits until tasks have ended, or need somebody (state blocked). When its time is up it returns them as they are, with timedOut true: call it again.",
  annotations: looks,
  input: schemas.waitInput,
  output: schemas.waitedTasks,
  async run({ tasks: names = [], any = false, timeout = waitFor }, call) {
    const from = caller();
    const timeoutMs = parseDuration(timeout, "timeout");
    const tasks = names.length > 0 ? names.map((name) => other(name, from).task) : await opened(from);
    const progress = reporter(call, timeoutMs);
    const { by, tasks: now } =
      tasks.length === 0
        ? { by: "settled" as const, tasks }
        : await untilSettled(tasks, { any, timeoutMs, signal: call.signal, onLook: progress, caller: from });
    const text = now.map((task) => taskText(task)).join("\n\n");
    const beside = lookBesideNow();
    return {
      data: { tasks: now.map((task) => taskJson(task, beside(task))), timedOut: by === "timeout" },
      text: `${by === "timeout" ? "The time is up; call task_wait again.\n\n" : ""}${text || "No open tasks."}`,
    };
  },
});

const answer = tool({
  name: "task_answer",
  title: "Answer a task",
  description: "Answers what a blocked task asks, or tells a running one's agent something; it goes on from there.",
  annotations: setsToWork,
  input: schemas.answerInput,
  output: schemas.oneTask,
  async run({ task: name, answer: how = "send", text }) {
    const from = caller();
    const found = other(name, from);
    const { sendTo, tell } = await import("../commands/answer.ts");
    const said = { kind: "deny", why: text || "It was refused." } as const;
    const task =
      how === "send" ? await sendTo(found, text ?? "", byOf(from)) : await tell(found, { ask: "answer", answer: said, by: byOf(from) });
    return { data: { task: taskJson(task) }, text: `${task.label} is told, and goes on.` };
  },
});

const approve = tool({
  name: "task_approve",
  title: "Approve what a task asks for",
  description: "Lets a blocked task do what it asks permission for (needs.text says what), or carry out its plan.",
  annotations: { ...setsToWork, destructiveHint: true },
  input: schemas.approveInput,
  output: schemas.oneTask,
  async run({ task: name, always = false }) {
    const from = caller();
    const { tell } = await import("../commands/answer.ts");
    const task = await tell(other(name, from), { ask: "answer", answer: { kind: "allow", always }, by: byOf(from) });
    return { data: { task: taskJson(task) }, text: `${task.label} is approved, and goes on.` };
  },
});

const stop = tool({
  name: "task_stop",
  title: "Stop a task",
  description: "Ends a task. What it did is kept on its branch.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: schemas.nameInput,
  output: schemas.oneTask,
  async run({ task: name }) {
    const from = caller();
    const { askToStop, untilEnded } = await import("../commands/stop.ts");
    const task = await untilEnded(await askToStop(other(name, from), byOf(from)));
    return { data: { task: taskJson(task) }, text: taskText(task) };
  },
});

const report = tool({
  name: "task_report",
  title: "Report over tasks",
  description: "One page over several tasks: what is done, with what evidence, what failed, what needs somebody, what it cost.",
  annotations: looks,
  input: schemas.reportInput,
  output: schemas.reported,
  async run({ tasks = [], since, repo, all = false }) {
    const { pageOver } = await import("../commands/report.ts");
    const page = pageOver(tasks, { since, all, cwd: repo ?? process.cwd() }, new Date());
    return { data: page.json(), text: page.markdown() };
  },
});

/** The task whose agent calls. */
const caller = (): Task | undefined => callingTaskIn(repositoryMaybe(process.cwd())?.top);

/** As the log has it. */
const byOf = (from: Task | undefined): string => (from === undefined ? "an agent" : `the agent of ${from.label}`);

/** @throws CopseError USAGE for the task of the caller itself */
function other(name: string, from: Task | undefined): Found {
  const found = findTask(name);
  if (found.task.id !== from?.id) return found;
  throw new CopseError("USAGE", `${found.task.label} is the task you work in`, { hint: "Name another one; see tasks_list." });
}

/** What there is to wait for when nothing is named. */
async function opened(from: Task | undefined): Promise<readonly Task[]> {
  if (from !== undefined) return openTasks().filter((task) => task.request.startedBy?.id === from.id);
  const { openHere } = await import("../commands/wait.ts");
  return openHere();
}

/** Tells a client that wants to know how it goes: at once, then every now and then, and when a task's state changes. */
function reporter(call: Call, timeoutMs: number): (tasks: readonly Task[]) => void {
  const began = Date.now();
  let toldAt = Number.NEGATIVE_INFINITY;
  let told = "";
  return (tasks) => {
    const states = tasks.map(({ state }) => state).join();
    const now = Date.now();
    if (states === told && now - toldAt < progressMs) return;
    [told, toldAt] = [states, now];
    const open = tasks.filter((task) => !isSettled(task));
    const doing = open.slice(0, 3).map(({ label, state, progress }) => `${label} ${progress.activity ?? state}`);
    const message = `${tasks.length - open.length} of ${tasks.length} settled${open.length === 0 ? "" : `; ${doing.join(", ")}`}`;
    call.progress((now - began) / 1000, timeoutMs / 1000, redactAll(message));
  };
}
