/**
 * What a session has running in the background and which tools its turn has called, kept up from the stream of its hook events. Pure, one event at a time; no transcript is read.
 * What Claude Code tells when was measured with 2.1.329: a command's start with the answer of its tool (`backgroundTaskId`), its end as a prompt (`<task-notification>`) and by its absence from the
 * list a Stop brings; a subagent's by `async_launched` and SubagentStop; a teammate's rest by TeammateIdle alone.
 */
import { type HookEvent, objectIn, textIn, under } from "./event.ts";

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

/** A call of a tool in the turn that is going on. */
interface Call {
  readonly tool_name: string;
  readonly failed: boolean;
}

interface Turn {
  readonly promptId: string | null;
  /** By the id of the call, in their order. */
  readonly calls: Readonly<Record<string, Call>>;
}

export interface Ledger {
  /** By id, in the order they began. */
  readonly background: Readonly<Record<string, BackgroundTask>>;
  /** Teammates that rest. */
  readonly idle: readonly string[];
  /** By agent; "" is the main one. */
  readonly turns: Readonly<Record<string, Turn>>;
}

export const emptyLedger: Ledger = { background: {}, idle: [], turns: {} };

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
      return withCall(turned, event, false);
    case "PostToolUse":
      return afterTool(withCall(turned, event, false), event, at);
    case "PostToolUseFailure":
      return withCall(turned, event, true);
    case "SubagentStop":
      return event.agent_id === undefined ? turned : without(turned, [event.agent_id]);
    case "TeammateIdle":
      return event.agent_id === undefined ? turned : { ...turned, idle: [...new Set([...turned.idle, event.agent_id])] };
    case "Stop":
      return event.agent_id === undefined ? asListed(turned, event, at) : turned;
    default:
      return turned;
  }
}

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
    return begins ? { ...ledger, idle, turns: { ...ledger.turns, [agent]: { promptId: null, calls: {} } } } : ledger;
  }
  const promptId = event.prompt_id ?? (event.hook_event_name === "UserPromptSubmit" ? null : (known?.promptId ?? null));
  const begins = known === undefined || known.promptId !== promptId || (promptId === null && event.hook_event_name === "UserPromptSubmit");
  return begins ? { ...ledger, turns: { ...ledger.turns, "": { promptId, calls: {} } } } : ledger;
}

/** Counted once, from the first that is heard of it. */
function withCall(ledger: Ledger, event: HookEvent, failed: boolean): Ledger {
  const [agent, id, name] = [agentOf(event), textIn(event, "tool_use_id"), textIn(event, "tool_name")];
  const turn = under(ledger.turns, agent);
  if (id === undefined || name === undefined || turn === undefined) return ledger;
  const calls = { ...turn.calls, [id]: { tool_name: name, failed: failed || under(turn.calls, id)?.failed === true } };
  return { ...ledger, turns: { ...ledger.turns, [agent]: { ...turn, calls } } };
}

function afterTool(ledger: Ledger, event: HookEvent, at: string): Ledger {
  const [input, response] = [objectIn(event, "tool_input"), objectIn(event, "tool_response")];
  const shell = textIn(response, "backgroundTaskId");
  const agent = textIn(response, "status") === "async_launched" ? textIn(response, "agentId") : undefined;
  const id = shell ?? agent;
  if (id !== undefined) return withTask(ledger, begun(event, id, input, at));
  const ended = ["completed", "failed", "killed", "stopped"].includes(textIn(response, "status") ?? "");
  const stops = ["KillShell", "TaskStop"].includes(textIn(event, "tool_name") ?? "");
  const about = [textIn(input, "task_id"), textIn(input, "shell_id"), textIn(input, "bash_id")].filter((one) => one !== undefined);
  return stops || ended ? without(ledger, about) : ledger;
}

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
const notified = (prompt: string): string[] =>
  [...prompt.matchAll(/<task-notification>[\s\S]*?<task-id>([^<]+)<\/task-id>[\s\S]*?<\/task-notification>/g)].map(
    (found) => found[1] as string,
  );

/** The main agent's Stop names all that runs: what is not in the list has ended unheard, what is in it unknown began unheard. */
function asListed(ledger: Ledger, event: HookEvent, at: string): Ledger {
  const list = event["background_tasks"];
  if (!Array.isArray(list)) return ledger;
  const listed = list.filter(
    (one): one is Record<string, unknown> => typeof one === "object" && one !== null && textIn(one, "id") !== undefined,
  );
  const ids = new Set(listed.map((one) => textIn(one, "id") as string));
  const kept = without(
    ledger,
    Object.keys(ledger.background).filter((id) => !ids.has(id)),
  );
  return listed.reduce((all, one) => {
    const [id, command, type] = [textIn(one, "id") as string, textIn(one, "command"), textIn(one, "agent_type")];
    return withTask(all, {
      task_id: id,
      tool_name: toolOf(textIn(one, "type")),
      ...(type === undefined ? {} : { subagent_type: type }),
      started_at: at,
      description: textIn(one, "description") ?? command ?? "",
      ...(command === undefined ? {} : { command }),
    });
  }, kept);
}

const toolOf = (type: string | undefined): string =>
  type === "shell" ? "Bash" : type === "subagent" || type === "teammate" ? "Agent" : (type ?? "");
