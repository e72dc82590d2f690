/**
 * What a session has running in the background and which tools its turn has called, kept up from the stream of its hook events. Pure, one event at a time; no transcript is read.
 * What Claude Code tells when was measured with 2.1.329: a command's start with the answer of its tool (`backgroundTaskId`), its end as a prompt (`<task-notification>`) and by its absence from the
 * list a Stop brings; a subagent's by `async_launched` and SubagentStop; a teammate's by `teammate_spawned`, its rest by TeammateIdle alone.
 */
import { type Calls, callOf, withCall as withCallIn } from "./calls.ts";
import { type HookEvent, objectIn, textIn, under } from "./event.ts";
import { notification } from "./kept.ts";

export interface BackgroundTask {
  readonly task_id: string;
  readonly tool_name: string;
  /** ISO 8601; when it was first heard of. */
  readonly started_at: string;
  readonly description: string;
  readonly subagent_type?: string;
  readonly command?: string;
  /** Who started it; absent for the main agent. */
  readonly agent_id?: string;
}

/** A shell command that the agent waits for. */
export interface Command {
  readonly command: string;
  readonly started_at: string;
  /** Absent for the main agent. */
  readonly agent_id?: string;
}

interface Turn {
  readonly promptId: string | null;
  /** Of a subagent that has stopped: kept until the main agent's next turn. */
  readonly over?: true;
  readonly calls: Calls;
}

export interface Ledger {
  /** By id, in the order they began. */
  readonly background: Readonly<Record<string, BackgroundTask>>;
  /** By the id of its call; from what is heard before it to what is heard after it. */
  readonly commands: Readonly<Record<string, Command>>;
  /** Calls that start background work, by id, with their agent ("" is the main one): until they are heard to have started it, or not. */
  readonly launching: Readonly<Record<string, string>>;
  /** Agents of a team. */
  readonly teammates: readonly string[];
  /** Teammates that rest. */
  readonly idle: readonly string[];
  /** By agent; "" is the main one. */
  readonly turns: Readonly<Record<string, Turn>>;
}

export const emptyLedger: Ledger = { background: {}, commands: {}, launching: {}, teammates: [], idle: [], turns: {} };

/** The ledger after this event. `at`: when it came, ISO 8601. */
export function note(ledger: Ledger, event: HookEvent, at: string): Ledger {
  const turned = withTurn(ledger, event);
  switch (event.hook_event_name) {
    case "SessionStart":
      // A compaction goes on in the same process; anything else begins a process, without what ran in another.
      return textIn(event, "source") === "compact" ? turned : { ...emptyLedger, turns: turned.turns };
    case "SessionEnd":
      return emptyLedger;
    case "UserPromptSubmit":
      return without(turned, notified(textIn(event, "prompt") ?? ""));
    case "PreToolUse":
      return withLaunch(withCommand(withCall(turned, event, false), event, at), event);
    case "PostToolUse":
      return afterTool(withCall(withoutCommand(turned, event), event, false), event, at);
    case "PostToolUseFailure":
      return withCall(withoutCommand(turned, event), event, true);
    case "PermissionDenied":
      return refused(turned, textIn(event, "tool_use_id") ?? "");
    case "PostToolBatch":
      // Claude Code refuses to stop what has ended, and says so here alone.
      return callsOf(event).reduce((all, call) => without(withCall(withoutCommand(all, call), call, false), stopped(call)), turned);
    case "SubagentStop":
      return event.agent_id === undefined ? turned : afterSubagent(withoutCommandsOf(turned, event.agent_id), event, event.agent_id, at);
    case "TeammateIdle":
      return event.agent_id === undefined
        ? turned
        : { ...turned, teammates: added(turned.teammates, event.agent_id), idle: added(turned.idle, event.agent_id) };
    case "Stop":
      return event.agent_id === undefined ? asListed(withoutCommandsOf(turned, undefined), event, at) : turned;
    default:
      return turned;
  }
}

/** After a rest that was refused: the teammate's turn goes on. */
export const goesOn = (ledger: Ledger, agent: string): Ledger => ({ ...ledger, idle: ledger.idle.filter((id) => id !== agent) });

const added = (list: readonly string[], one: string): readonly string[] => (list.includes(one) ? list : [...list, one]);

const agentOf = (event: HookEvent): string => event.agent_id ?? "";

/**
 * A prompt's id that is not the last one begins a turn of the main agent. Events of a subagent carry the id of the prompt the main agent is at by then (seen: another one at its end than at
 * its start), so a subagent's turn is its life, and a teammate's begins with its first event after a rest.
 */
function withTurn(ledger: Ledger, event: HookEvent): Ledger {
  const agent = agentOf(event);
  const known = under(ledger.turns, agent);
  if (agent !== "") {
    if (event.hook_event_name === "TeammateIdle") return ledger;
    const begins = known === undefined || event.hook_event_name === "SubagentStart" || ledger.idle.includes(agent);
    const idle = ledger.idle.filter((id) => id !== agent);
    return begins ? { ...ledger, idle, turns: { ...ledger.turns, [agent]: { promptId: null, calls: [] } } } : ledger;
  }
  const promptId = event.prompt_id ?? (event.hook_event_name === "UserPromptSubmit" ? null : (known?.promptId ?? null));
  const begins = known === undefined || known.promptId !== promptId || (promptId === null && event.hook_event_name === "UserPromptSubmit");
  if (!begins) return ledger;
  const others = Object.entries(ledger.turns).filter(([id, turn]) => id !== "" && turn.over !== true);
  // A call that a person interrupts is told of by nothing else; a prompt that waits for the calls to end belongs to their turn.
  return { ...withoutCommandsOf(ledger, undefined), turns: { ...Object.fromEntries(others), "": { promptId, calls: [] } } };
}

/** Counted once, from the first that is heard of it. */
function withCall(ledger: Ledger, event: HookEvent, failed: boolean): Ledger {
  const [agent, id, name] = [agentOf(event), textIn(event, "tool_use_id"), textIn(event, "tool_name")];
  const turn = under(ledger.turns, agent);
  if (id === undefined || name === undefined || turn === undefined) return ledger;
  const calls = withCallIn(turn.calls, id, { tool_name: name, failed: failed || callOf(turn.calls, id)?.failed === true });
  return calls === turn.calls ? ledger : { ...ledger, turns: { ...ledger.turns, [agent]: { ...turn, calls } } };
}

/** The calls of a batch, each as an event of its own. */
function callsOf(event: HookEvent): HookEvent[] {
  const { hook_event_name, session_id, agent_id } = event;
  const calls = Array.isArray(event["tool_calls"]) ? event["tool_calls"] : [];
  return calls
    .filter((call) => typeof call === "object" && call !== null)
    .map(({ tool_name, tool_use_id, tool_input }: Record<string, unknown>) => ({
      ...{ hook_event_name, session_id, tool_name, tool_use_id, tool_input },
      ...(agent_id === undefined ? {} : { agent_id }),
    }));
}

function withCommand(ledger: Ledger, event: HookEvent, at: string): Ledger {
  const [id, command] = [textIn(event, "tool_use_id"), textIn(objectIn(event, "tool_input"), "command")];
  if (id === undefined || command === undefined) return ledger;
  const one = { command, started_at: at, ...(event.agent_id === undefined ? {} : { agent_id: event.agent_id }) };
  return { ...ledger, commands: { ...ledger.commands, [id]: one } };
}

function withLaunch(ledger: Ledger, event: HookEvent): Ledger {
  const id = textIn(event, "tool_use_id");
  return id !== undefined && startsBackground(event) ? { ...ledger, launching: { ...ledger.launching, [id]: agentOf(event) } } : ledger;
}

/** A subagent runs in the background unless it is told not to. */
export function startsBackground(event: HookEvent): boolean {
  if (event.hook_event_name !== "PreToolUse") return false;
  const background = objectIn(event, "tool_input")["run_in_background"];
  const tool = textIn(event, "tool_name");
  return tool === "Bash" ? background === true : (tool === "Agent" || tool === "Task") && background !== false;
}

const withoutCommand = (ledger: Ledger, event: HookEvent): Ledger => refused(ledger, textIn(event, "tool_use_id") ?? "");

/** A call that was refused runs nothing. */
export function refused(ledger: Ledger, id: string): Ledger {
  if (under(ledger.commands, id) === undefined && under(ledger.launching, id) === undefined) return ledger;
  const { [id]: _, ...commands } = ledger.commands;
  const { [id]: __, ...launching } = ledger.launching;
  return { ...ledger, commands, launching };
}

/** An agent that has stopped, or begins a turn, waits for nothing. */
function withoutCommandsOf(ledger: Ledger, agent: string | undefined): Ledger {
  const commands = Object.fromEntries(Object.entries(ledger.commands).filter(([, one]) => one.agent_id !== agent));
  const launching = Object.fromEntries(Object.entries(ledger.launching).filter(([, one]) => one !== (agent ?? "")));
  return { ...ledger, commands, launching };
}

function afterTool(ledger: Ledger, event: HookEvent, at: string): Ledger {
  const [input, response] = [objectIn(event, "tool_input"), objectIn(event, "tool_response")];
  const status = textIn(response, "status") ?? "";
  const shell = textIn(response, "backgroundTaskId");
  const agent = ["async_launched", "teammate_spawned"].includes(status) ? textIn(response, "agentId") : undefined;
  const id = shell ?? agent;
  if (id !== undefined) {
    const known = withTask(ledger, begun(event, id, input, at));
    return status === "teammate_spawned" ? { ...known, teammates: added(known.teammates, id) } : known;
  }
  const ended = ["completed", "failed", "killed", "stopped"].includes(status);
  return without(ledger, ended ? aboutOf(input) : stopped(event));
}

const aboutOf = (input: Readonly<Record<string, unknown>>): string[] =>
  [textIn(input, "task_id"), textIn(input, "shell_id"), textIn(input, "bash_id")].filter((one) => one !== undefined);

/** What a call of this kind is to stop. */
const stopped = (event: HookEvent): string[] =>
  ["KillShell", "TaskStop"].includes(textIn(event, "tool_name") ?? "") ? aboutOf(objectIn(event, "tool_input")) : [];

function begun(event: HookEvent, task_id: string, input: Readonly<Record<string, unknown>>, at: string): BackgroundTask {
  const [command, type] = [textIn(input, "command"), textIn(input, "subagent_type")];
  return {
    task_id,
    tool_name: textIn(event, "tool_name") ?? "",
    ...(type === undefined ? {} : { subagent_type: type }),
    started_at: at,
    description: textIn(input, "description") ?? command ?? "",
    ...(command === undefined ? {} : { command }),
    ...(event.agent_id === undefined ? {} : { agent_id: event.agent_id }),
  };
}

const withTask = (ledger: Ledger, task: BackgroundTask): Ledger => ({
  ...ledger,
  background: { ...ledger.background, [task.task_id]: under(ledger.background, task.task_id) ?? task },
});

function without(ledger: Ledger, ids: readonly string[]): Ledger {
  if (ids.length === 0) return ledger;
  const background = Object.fromEntries(Object.entries(ledger.background).filter(([id]) => !ids.includes(id)));
  return { ...ledger, background, idle: ledger.idle.filter((id) => !ids.includes(id)) };
}

/** Ids of the background work a prompt reports the end of. */
const notified = (prompt: string): string[] => [...prompt.matchAll(notification)].map((found) => found[1] as string);

/** A teammate that stops only rests, and is told of as one. */
function afterSubagent(ledger: Ledger, event: HookEvent, agent: string, at: string): Ledger {
  const listed = asListed(ledger, event, at);
  if (ledger.teammates.includes(agent)) return listed;
  const turn = under(listed.turns, agent);
  const turns = turn === undefined ? listed.turns : { ...listed.turns, [agent]: { ...turn, over: true as const } };
  return without({ ...listed, turns }, [agent]);
}

/**
 * A Stop names all that runs in the session: what is not in the list has ended unheard, what is in it unknown began unheard. Teammates stand in it under another id than in their own events, and
 * for as long as their team lives.
 */
function asListed(ledger: Ledger, event: HookEvent, at: string): Ledger {
  const list = event["background_tasks"];
  if (!Array.isArray(list)) return ledger;
  const listed = list.filter(
    (one): one is Record<string, unknown> => typeof one === "object" && one !== null && textIn(one, "id") !== undefined,
  );
  const known = (one: Record<string, unknown>): BackgroundTask | undefined => listedAs(ledger, one);
  const ids = new Set(listed.map((one) => known(one)?.task_id ?? (textIn(one, "id") as string)));
  const kept = without(
    ledger,
    Object.keys(ledger.background).filter((id) => !ids.has(id)),
  );
  return listed.reduce((all, one) => (known(one) === undefined ? withTask(all, unheard(one, at)) : all), kept);
}

/** The task that an entry of Claude Code's list means. */
export function listedAs(ledger: Ledger, one: Readonly<Record<string, unknown>>): BackgroundTask | undefined {
  const known = under(ledger.background, textIn(one, "id") ?? "");
  if (known !== undefined || one["type"] !== "teammate") return known;
  return Object.values(ledger.background).find(
    ({ task_id, description }) => ledger.teammates.includes(task_id) && description === one["description"],
  );
}

function unheard(one: Readonly<Record<string, unknown>>, at: string): BackgroundTask {
  const [command, type] = [textIn(one, "command"), textIn(one, "agent_type")];
  return {
    task_id: textIn(one, "id") as string,
    tool_name: toolOf(textIn(one, "type")),
    ...(type === undefined ? {} : { subagent_type: type }),
    started_at: at,
    description: textIn(one, "description") ?? command ?? "",
    ...(command === undefined ? {} : { command }),
  };
}

const toolOf = (type: string | undefined): string =>
  type === "shell" ? "Bash" : type === "subagent" || type === "teammate" ? "Agent" : (type ?? "");
