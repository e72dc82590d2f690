/** Gates: ready-made hooks that keep an agent from what it would regret, by what is known to run. Off by default. Pure; `docs/gates.md` describes each. */
import type { GateName, Gates } from "../core/hook-settings.ts";
import type { Session } from "./book.ts";
import { allCalls } from "./calls.ts";
import { type HookEvent, objectIn, textIn, under } from "./event.ts";
import { type BackgroundTask, type Ledger, startsBackground } from "./ledger.ts";
import { builds } from "./same-work.ts";

export interface Known {
  readonly event: HookEvent;
  /** After the event. */
  readonly session: Session;
  /** Sessions on this machine that were heard of lately, this one among them. */
  readonly sessions: () => readonly Session[];
  /** Has this gate blocked this agent, and nothing was done since? */
  readonly blockedBefore: (gate: GateName) => boolean;
  /** Has this agent been refused something for this background work? */
  readonly refusedFor: (task: string) => boolean;
}

export interface Blocked {
  readonly gate: GateName;
  readonly reason: string;
  /** The background work or call it is for. */
  readonly task?: string;
}

type Rule = (gates: Gates, known: Known) => string | Omit<Blocked, "gate"> | undefined;

/** Every gate that is on and would block here. */
export function gatesThatBlock(gates: Gates, known: Known): Blocked[] {
  return (Object.keys(rules) as GateName[]).flatMap((gate) => {
    if (!gates[gate]) return [];
    const found = rules[gate](gates, known);
    if (found === undefined) return [];
    const blocked = typeof found === "string" ? { reason: found } : found;
    return [{ ...blocked, gate, reason: `${blocked.reason} (gate ${gate})` }];
  });
}

const rules: Readonly<Record<GateName, Rule>> = {
  "no-duplicate-work": (_, { event, sessions, session, refusedFor }) => {
    if (event.hook_event_name !== "PreToolUse" || event["tool_name"] !== "Bash") return undefined;
    const wanted = builds(textIn(objectIn(event, "tool_input"), "command") ?? "");
    if (wanted.length === 0) return undefined;
    for (const other of sessions()) {
      if (other.cwd !== session.cwd) continue;
      const own = other.sessionId === session.sessionId ? textIn(event, "tool_use_id") : undefined;
      const twin = running(other.ledger, own, session.at).find(
        ({ id, command, isSure }) => builds(command).some((one) => wanted.includes(one)) && (isSure || !refusedFor(id)),
      );
      if (twin === undefined) continue;
      const reason = `The same work is running already, since ${twin.since}: ${twin.command}. Wait for its result instead of starting it again.`;
      return { reason, task: twin.id };
    }
    return undefined;
  },
  "limit-background": ({ "limit-background": limit = {} }, { event, session, sessions }) => {
    if (!startsBackground(event)) return undefined;
    if (limit.session === 0 || limit.machine === 0) return "Background work is not allowed here. Do it in the foreground.";
    const call = textIn(event, "tool_use_id");
    const count = (one: Session) =>
      tasksOf(one).length + Object.keys(one.ledger.launching).filter((id) => one !== session || id !== call).length;
    if (limit.session !== undefined && count(session) >= limit.session) {
      const list = named(tasksOf(session));
      return `As many background tasks as a session may have (${limit.session}) are running${list && `: ${list}`}. Wait for one to end, or stop one.`;
    }
    if (limit.machine !== undefined && sessions().reduce((sum, one) => sum + count(one), 0) >= limit.machine)
      return `As many background tasks as this machine may have (${limit.machine}) are running in its sessions. Wait for one to end.`;
    return undefined;
  },
  "stop-when-done": (_, { event, session }) => {
    if (event.hook_event_name !== "Stop" || event.agent_id !== undefined || event["stop_hook_active"] === true) return undefined;
    const own = tasksOf(session).filter(({ agent_id }) => agent_id === undefined);
    return own.length === 0
      ? undefined
      : `Work you started is still running: ${named(own)}. Wait for it and use its result, or stop it, before you end.`;
  },
  "teammate-idle": (_, { event, session, blockedBefore }) => {
    if (event.hook_event_name !== "TeammateIdle" || blockedBefore("teammate-idle")) return undefined;
    const own = pendingOf(session, event);
    return own.length === 0 ? undefined : `Work you started is still running: ${named(own)}. Wait for it, or stop it, before you rest.`;
  },
  "report-back": (_, { event, session, blockedBefore }) => {
    if (event.hook_event_name !== "TeammateIdle" || blockedBefore("report-back") || pendingOf(session, event).length > 0) return undefined;
    const calls = allCalls(under(session.ledger.turns, event.agent_id ?? "")?.calls ?? []);
    return calls.some(({ tool_name }) => tool_name === "SendMessage")
      ? undefined
      : "You have told nobody what you found. Send the lead a short report with SendMessage: what is done, what is not, what is needed.";
  },
  "lead-stall": (_, { event, session }) => {
    if (event.hook_event_name !== "Stop" || event.agent_id !== undefined || event["stop_hook_active"] === true) return undefined;
    const { background, idle, teammates } = session.ledger;
    const busy = Object.values(background).filter(
      ({ task_id, agent_id }) => teammates.includes(agent_id ?? "") || (teammates.includes(task_id) && !idle.includes(task_id)),
    );
    return busy.length === 0
      ? undefined
      : `Teammates still work: ${named(busy)}. Wait for their reports, help them, or end their work before you end yours.`;
  },
};

const tasksOf = ({ ledger }: Session): BackgroundTask[] =>
  Object.values(ledger.background).filter(({ task_id }) => !ledger.idle.includes(task_id));

const pendingOf = (session: Session, event: HookEvent): BackgroundTask[] =>
  tasksOf(session).filter(({ agent_id, task_id }) => agent_id === event.agent_id && task_id !== event.agent_id);

const named = (tasks: readonly BackgroundTask[]): string =>
  tasks
    .slice(0, 5)
    .map(
      ({ description, command, task_id, started_at }) => `${(description || command || "").slice(0, 80)} [${task_id}, since ${started_at}]`,
    )
    .join("; ") + (tasks.length > 5 ? `; and ${tasks.length - 5} more` : "");

/** Claude Code waits no longer for a command, unless it is told to; one that was interrupted may not be heard of until its session goes on. */
const waitedForMs = 600_000;

interface Running {
  readonly id: string;
  readonly command: string;
  readonly since: string;
  /** No event tells at once that a subagent's or teammate's background command has ended. */
  readonly isSure: boolean;
}

/** Shell commands of a session that run in the background, or are waited for by an agent at this time; without the call `own`. */
function running({ background, commands }: Ledger, own: string | undefined, at: string): Running[] {
  const isRecent = (since: string) => Date.parse(at) - Date.parse(since) < waitedForMs;
  return [
    ...Object.values(background).flatMap(({ task_id, command, started_at, agent_id }) =>
      command === undefined ? [] : [{ id: task_id, command, since: started_at, isSure: agent_id === undefined }],
    ),
    ...Object.entries(commands).flatMap(([id, { command, started_at }]) =>
      id === own || !isRecent(started_at) ? [] : [{ id, command, since: started_at, isSure: true }],
    ),
  ];
}
