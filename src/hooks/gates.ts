/** Gates: ready-made hooks that keep an agent from what it would regret, by what is known to run. Off by default. Pure; `docs/gates.md` describes each. */
import type { GateName, Gates } from "../core/hook-settings.ts";
import type { Session } from "./book.ts";
import { allCalls } from "./calls.ts";
import { type HookEvent, objectIn, textIn, under } from "./event.ts";
import type { BackgroundTask, Ledger } from "./ledger.ts";
import { builds } from "./same-work.ts";

export interface Known {
  readonly event: HookEvent;
  /** After the event. */
  readonly session: Session;
  /** Sessions on this machine that were heard of lately, this one among them. */
  readonly sessions: () => readonly Session[];
  /** Has this gate blocked this agent, and nothing was done since? */
  readonly blockedBefore: (gate: GateName) => boolean;
}

export interface Blocked {
  readonly gate: GateName;
  readonly reason: string;
}

type Rule = (gates: Gates, known: Known) => string | undefined;

/** Every gate that is on and would block here. */
export function gatesThatBlock(gates: Gates, known: Known): Blocked[] {
  return (Object.keys(rules) as GateName[]).flatMap((gate) => {
    if (!gates[gate]) return [];
    const reason = rules[gate](gates, known);
    return reason === undefined ? [] : [{ gate, reason: `${reason} (gate ${gate})` }];
  });
}

const rules: Readonly<Record<GateName, Rule>> = {
  "no-duplicate-work": (_, { event, sessions, session }) => {
    if (event.hook_event_name !== "PreToolUse" || event["tool_name"] !== "Bash") return undefined;
    const wanted = builds(textIn(objectIn(event, "tool_input"), "command") ?? "");
    if (wanted.length === 0) return undefined;
    for (const other of sessions()) {
      if (other.cwd !== session.cwd) continue;
      const own = other.sessionId === session.sessionId ? textIn(event, "tool_use_id") : undefined;
      const twin = running(other.ledger, own).find(({ command }) => builds(command).some((one) => wanted.includes(one)));
      if (twin !== undefined)
        return `The same work is running already, since ${twin.since}: ${twin.command}. Wait for its result instead of starting it again.`;
    }
    return undefined;
  },
  "limit-background": ({ "limit-background": limit = {} }, { event, session, sessions }) => {
    if (!startsBackground(event)) return undefined;
    const [own, all] = [tasksOf(session).length, limit.machine === undefined ? 0 : sessions().flatMap(tasksOf).length];
    if (limit.session !== undefined && own >= limit.session)
      return `${own} background tasks of this session are running, and ${limit.session} are allowed: ${named(tasksOf(session))}. Wait for one to end, or stop one.`;
    if (limit.machine !== undefined && all >= limit.machine)
      return `${all} background tasks are running on this machine, and ${limit.machine} are allowed. Wait for one to end.`;
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

/** Shell commands of a session that run in the background, or are waited for by an agent; without the call `own`. */
const running = (ledger: Ledger, own: string | undefined): { command: string; since: string }[] => [
  ...Object.values(ledger.background).flatMap(({ command, started_at }) => (command === undefined ? [] : [{ command, since: started_at }])),
  ...Object.entries(ledger.commands).flatMap(([id, { command, started_at }]) => (id === own ? [] : [{ command, since: started_at }])),
];

/** A subagent runs in the background unless it is told not to. */
function startsBackground(event: HookEvent): boolean {
  if (event.hook_event_name !== "PreToolUse") return false;
  const input = objectIn(event, "tool_input");
  const tool = textIn(event, "tool_name");
  return tool === "Bash"
    ? input["run_in_background"] === true
    : (tool === "Agent" || tool === "Task") && input["run_in_background"] !== false;
}
