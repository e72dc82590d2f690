/** Reads Claude Code's JSON lines, one at a time, into events. Lines it does not know are passed over; it never throws. */
import { safeLine } from "../../core/safe.ts";
import type { Cost } from "../../core/task.ts";
import type { AgentEvent, Reader } from "./agent.ts";
import { type ApiFailure, endingOf, type Final, type Seen } from "./claude-ending.ts";
import { apiFailureOf, finalOf, type Line, list, mergeFailure, minus, object, parse, spentOf, words } from "./claude-lines.ts";
import { ask, type PendingRequest, rulesOf } from "./claude-needs.ts";
import { answerLine, userLine } from "./claude-talk.ts";
import { steps, type ToolInput, viewTool } from "./claude-tools.ts";

/** The reader, with what its caller needs to answer: the requests that wait for a person. */
export interface ClaudeReader extends Reader {
  pending(): readonly PendingRequest[];
}

/** A reader for one process; `root` is the worktree, to shorten paths. */
export function claudeReader(root: string): ClaudeReader {
  const roots = [root];
  const pending = new Map<string, PendingRequest>();
  const changed = new Set<string>();
  const done = new Set<string>();
  /** Calls a person was asked about, or whose refusal is noted already. */
  const known = new Set<string>();
  /** What each call of the running turn is about; refusals and plans name only the call. */
  const calls = new Map<string, { readonly name: string; readonly input: ToolInput; readonly changes: string | undefined }>();
  /** Files that a call has really written. */
  const written = new Set<string>();
  let plan = "";
  let created = 0;
  /**
   * Background commands and subagents that outlive the turn which began them. They are waited for, as Claude Code does; its own ceiling of ten minutes
   * counts only once its input has ended, and that stays open. So what never ends, such as a server, is ended by `--timeout`, `stop` or a visit, not before.
   */
  let inFlight: readonly string[] = [];
  let turns = 0;
  /** What a resumed session had spent before this process. */
  let earlier: Cost | null = null;
  /** A request just refused or withdrawn: by the person, unless a next line says that the turn was interrupted. */
  let refused: PendingRequest | null = null;
  let seen: Seen = { final: null, midTurn: false, apiFailure: null, resetsAt: null, isInterrupted: false, unanswered: null };

  return {
    pending: () => [...pending.values()],
    message: userLine,
    settle: (requestId) => void pending.delete(requestId),
    answer(requestId, answer) {
      const request = pending.get(requestId);
      if (request === undefined) return undefined;
      pending.delete(requestId);
      return answerLine(request, answer);
    },
    end: (exit) => endingOf({ ...seen, unanswered: [...pending.values()].at(-1)?.needs ?? seen.unanswered }, exit),
    read(text) {
      const line = parse(text);
      if (line === null) return text.trim() === "" ? [] : [{ type: "log", text }];
      try {
        return [...progressOf(line), ...eventsOf(line)];
      } catch (error) {
        return [{ type: "log", text: `a line Copse could not read (${String(error)}): ${text}` }];
      }
    },
  };

  function eventsOf(line: Line): AgentEvent[] {
    switch (line.type) {
      case "system":
        return systemEvents(line);
      case "assistant":
        return assistantEvents(line);
      case "user":
        return toolResults(line);
      case "control_request":
        return requestEvents(line);
      case "control_cancel_request":
        refused = pending.get(String(line.request_id)) ?? refused;
        return settle((each) => each.requestId === line.request_id);
      case "rate_limit_event":
        return limitEvents(object(line.rate_limit_info));
      case "command_lifecycle":
        return heardEvents(line);
      case "result":
        return resultEvents(line);
      default:
        return [];
    }
  }

  function systemEvents(line: Line): AgentEvent[] {
    switch (line.subtype) {
      case "init": {
        if (typeof line.cwd === "string" && !roots.includes(line.cwd)) roots.push(line.cwd);
        return typeof line.session_id === "string" ? [{ type: "session", id: line.session_id }] : [];
      }
      case "background_tasks_changed":
        inFlight = list(line.tasks).map((task) => String(object(task).description ?? "a background task"));
        return [];
      case "api_retry":
        return retryEvents(line);
      case "permission_denied":
        return denial(line);
      default:
        return [];
    }
  }

  function assistantEvents(line: Line): AgentEvent[] {
    const message = object(line.message);
    if (line.is_api_error_message === true) {
      seen = { ...seen, apiFailure: apiFailureOf(line, words(message.content)) };
      return [{ type: "log", text: words(message.content) }];
    }
    // An answer has come: whatever the provider refused before, the agent got past it.
    seen = { ...seen, midTurn: true, isInterrupted: false, apiFailure: null };
    refused = null;
    const isSubagent = typeof line.parent_tool_use_id === "string";
    return list(message.content).flatMap((value): AgentEvent[] => {
      const block = object(value);
      if (block.type === "text" && typeof block.text === "string" && block.text !== "")
        return [{ type: isSubagent ? "log" : "said", text: block.text }];
      if (block.type === "tool_use" && typeof block.name === "string") return toolEvents(block.name, object(block.input), String(block.id));
      return [];
    });
  }

  function toolEvents(name: string, input: ToolInput, id: string): AgentEvent[] {
    if (typeof input.plan === "string") plan = input.plan;
    // In plan mode the agent writes its plan to a file of its own before it asks.
    else if (name === "Write" && typeof input.content === "string" && /\/plans\/[^/]+\.md$/.test(String(input.file_path)))
      plan = input.content;
    const view = viewTool(name, input, roots);
    calls.set(id, { name, input, changes: view.changes });
    if (view.changes !== undefined && !view.changes.startsWith("/")) changed.add(view.changes);
    const activity =
      (view.changes !== undefined && changed.size > 1 ? `${changed.size} files processed` : view.activity) ?? stepsAfter(name, input);
    const tool: AgentEvent = { type: "tool", name, detail: view.detail, ...(view.changes === undefined ? {} : { changes: view.changes }) };
    return activity === null ? [tool] : [tool, { type: "activity", text: activity }];
  }

  function stepsAfter(name: string, input: ToolInput): string | null {
    if (name === "TaskCreate") created++;
    else if (name !== "TaskUpdate" || typeof input.taskId !== "string") return null;
    else if (input.status === "completed") done.add(input.taskId);
    else if (input.status === "deleted") created--;
    else done.delete(input.taskId);
    return steps(done.size, Math.max(created, done.size));
  }

  function toolResults(line: Line): AgentEvent[] {
    return list(object(line.message).content).flatMap((value) => {
      const block = object(value);
      if (block.type === "text" && String(block.text).startsWith("[Request interrupted by user"))
        seen = { ...seen, isInterrupted: true, unanswered: refused?.needs ?? seen.unanswered };
      if (block.type !== "tool_result") return [];
      // The pipe was closed on an open request: the tool failed, but what was asked still is.
      const asked = [...pending.values()].find((each) => each.toolUseId === block.tool_use_id);
      if (asked && block.is_error === true) refused = asked;
      if (asked && block.is_error === true && /^Tool permission request failed/.test(words(block.content)))
        seen = { ...seen, unanswered: asked.needs };
      return [...settle((each) => each.toolUseId === block.tool_use_id), ...outcomeOf(block)];
    });
  }

  /** Told only of a call that failed. */
  function outcomeOf(block: Line): AgentEvent[] {
    const call = calls.get(String(block.tool_use_id));
    if (call === undefined) return [];
    const { name, changes } = call;
    if (block.is_error !== true) {
      if (changes !== undefined) written.add(changes);
      return [];
    }
    const said = words(block.content).replace(/<\/?tool_use_error>/g, "");
    const text = said.startsWith("The user doesn't want to proceed with this tool use.") ? "was not run" : said;
    if (changes === undefined || written.has(changes)) return [{ type: "tool-failed", name, text }];
    changed.delete(changes);
    return [{ type: "tool-failed", name, text, unchanged: changes }];
  }

  function requestEvents(line: Line): AgentEvent[] {
    const request = object(line.request);
    if (request.subtype !== "can_use_tool" || typeof line.request_id !== "string" || typeof request.tool_name !== "string") return [];
    const input = object(request.input);
    known.add(String(request.tool_use_id));
    const suggestions = list(request.permission_suggestions);
    const rules = rulesOf(suggestions);
    const asked = ask(request.tool_name, request.tool_name === "ExitPlanMode" && plan !== "" ? { plan, ...input } : input, roots);
    const needs = asked.kind === "permission" && rules.length > 0 ? { ...asked, rules } : asked;
    pending.set(line.request_id, {
      requestId: line.request_id,
      toolUseId: typeof request.tool_use_id === "string" ? request.tool_use_id : null,
      tool: request.tool_name,
      input,
      needs,
      suggestions,
    });
    return [{ type: "needs", requestId: line.request_id, needs }];
  }

  /** A line that belongs to a call which was asked about shows that the answer has come. */
  function progressOf(line: Line): AgentEvent[] {
    if (pending.size === 0 || line.type === "control_request") return [];
    const ids = [line.tool_use_id, line.parent_tool_use_id].filter((id) => typeof id === "string");
    return ids.length === 0 ? [] : settle((each) => each.toolUseId !== null && ids.includes(each.toolUseId));
  }

  function settle(isIt: (each: PendingRequest) => boolean): AgentEvent[] {
    return [...pending.values()].filter(isIt).map(({ requestId }): AgentEvent => {
      pending.delete(requestId);
      return { type: "settled", requestId };
    });
  }

  function retryEvents(line: Line): AgentEvent[] {
    const failure = apiFailureOf({ ...line, api_error_status: line.error_status }, "");
    seen = { ...seen, apiFailure: failure };
    const what = failure.status === null ? "connection" : String(failure.status);
    const attempt = typeof line.attempt === "number" ? line.attempt : 1;
    const delay = typeof line.retry_delay_ms === "number" ? ` in ${Math.ceil(line.retry_delay_ms / 1000)} s` : "";
    const events: AgentEvent[] = [
      { type: "activity", text: `provider: retrying (${what}), attempt ${attempt + 1}` },
      { type: "note", text: `the provider answered with an error (${what}); attempt ${attempt + 1}${delay}` },
    ];
    // The first retry may be the one that renews a login; a second says it is refused.
    return attempt > 1 && (failure.status === 401 || failure.status === 403) ? [...events, { type: "hopeless" }] : events;
  }

  function denial(line: Line): AgentEvent[] {
    const id = String(line.tool_use_id);
    if (known.has(id)) return [];
    known.add(id);
    const tool = String(line.tool_name);
    const { detail } = viewTool(tool, calls.get(id)?.input ?? object(line.tool_input), roots);
    return [{ type: "note", text: `refused without asking: ${safeLine(detail === "" ? tool : `${tool}: ${detail}`, 300)}` }];
  }

  function limitEvents(info: Line): AgentEvent[] {
    if (info.status !== "rejected") return [];
    const resetsAt = typeof info.resetsAt === "number" ? new Date(info.resetsAt * 1000).toISOString() : null;
    seen = { ...seen, resetsAt };
    return [{ type: "note", text: `the usage limit of this login is reached${resetsAt === null ? "" : `; it resets at ${resetsAt}`}` }];
  }

  function heardEvents(line: Line): AgentEvent[] {
    const isHeard = line.state === "started" || line.state === "completed";
    return isHeard && typeof line.command_uuid === "string"
      ? [{ type: "heard", id: line.command_uuid, begins: line.state === "started" }]
      : [];
  }

  /** A turn that was interrupted while the provider refused it ended because of that. */
  function apiFailureAtEnd(final: Final, line: Line): ApiFailure | null {
    if (final.terminalReason === "api_error") return mergeFailure(seen.apiFailure, line);
    return final.terminalReason?.startsWith("aborted") ? seen.apiFailure : null;
  }

  function resultEvents(line: Line): AgentEvent[] {
    const final = finalOf(line);
    // Cost and tokens are sums over the session, earlier processes included where it knows of them; turns are of this result alone.
    const spent = spentOf(line);
    earlier ??= spent.before;
    turns += typeof line.num_turns === "number" ? line.num_turns : 0;
    const settled = inFlight.length === 0 ? settle(() => true) : [];
    seen = {
      ...seen,
      final,
      midTurn: false,
      apiFailure: apiFailureAtEnd(final, line),
    };
    const notes = list(line.permission_denials).flatMap((each) => denial(object(each)));
    const summary: AgentEvent[] = !final.isError && final.text !== "" ? [{ type: "summary", text: final.text }] : [];
    const isOver = inFlight.length === 0 && !(typeof line.queued_turn_count === "number" && line.queued_turn_count > 0);
    const after: AgentEvent[] = isOver
      ? [{ type: "finished" }]
      : inFlight.length > 0
        ? [{ type: "activity", text: safeLine(`waiting for ${inFlight.join(", ")}`, 80) }]
        : [];
    calls.clear();
    return [...settled, ...notes, { type: "cost", cost: { ...minus(spent.total, earlier), turns }, earlier }, ...summary, ...after];
  }
}
