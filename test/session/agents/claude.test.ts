import { readdirSync, readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Ending } from "../../../src/core/judge.ts";
import type { Request } from "../../../src/core/task.ts";
import type { AgentEvent, SessionSpec } from "../../../src/session/agents/agent.ts";
import { claude } from "../../../src/session/agents/claude.ts";
import { claudeReader } from "../../../src/session/agents/claude-reader.ts";
import { allowLine, denyLine } from "../../../src/session/agents/claude-talk.ts";

const recordings = new URL("../../recordings/claude/", import.meta.url);

interface Replay {
  readonly events: readonly AgentEvent[];
  readonly ending: Ending;
}

/** Reads a recording line by line; its last line says how the process ended. */
function replay(name: string): Replay {
  const lines = readFileSync(new URL(`${name}.jsonl`, recordings), "utf8")
    .trimEnd()
    .split("\n");
  const { recorded } = JSON.parse(lines.pop() ?? "") as { recorded: { exit: number } };
  const reader = claude.reader("/repo");
  const events = lines.flatMap((line) => reader.read(line));
  return { events, ending: reader.end({ code: recorded.exit }) };
}

const of = <T extends AgentEvent["type"]>({ events }: Replay, type: T) =>
  events.filter((event): event is Extract<AgentEvent, { type: T }> => event.type === type);
const activities = (run: Replay) => of(run, "activity").map((event) => event.text);
const codeOf = ({ ending }: Replay) => (ending.kind === "failed" ? ending.code : ending.kind);

const spec = (over: Partial<SessionSpec> = {}, request: Partial<Request> = {}): SessionSpec => ({
  prompt: "do it",
  request: { model: null, permissionMode: null, allow: [], agentArgs: [], ...request } as unknown as Request,
  sessionId: "0e8e0000-0000-4000-8000-000000000000",
  resume: false,
  settings: {},
  hookSettings: null,
  ...over,
});

test("a run that writes files shows what it does, what it changed and what it cost", () => {
  const run = replay("write-file");
  assert.is(of(run, "session").length, 1);
  assert.equal(activities(run), ["scanning src/api/", "editing src/x.ts", "2 files processed"]);
  assert.equal(
    of(run, "tool").map((event) => event.changes),
    [undefined, "src/x.ts", "src/api/a.ts"],
  );
  assert.equal(
    of(run, "said").map((event) => event.text),
    ["I will read, then write.", "Wrote src/x.ts."],
  );
  assert.equal(of(run, "summary"), [{ type: "summary", text: "Wrote src/x.ts." }]);
  assert.equal(
    of(run, "cost").map((event) => event.cost),
    [{ usd: 0.02, inputTokens: 4000, outputTokens: 200, turns: 4 }],
  );
  assert.is(run.events.at(-1)?.type, "finished");
  assert.equal(run.ending, { kind: "done" });
});

test("a call that failed says why, and its file does not count as changed", () => {
  const reader = claude.reader("/repo");
  const call = (id: string, path: string) => {
    const block = { type: "tool_use", id, name: "Edit", input: { file_path: path } };
    return reader.read(JSON.stringify({ type: "assistant", message: { content: [block] } }));
  };
  const result = (id: string, content: string, is_error = true) => {
    const block = { type: "tool_result", tool_use_id: id, content, is_error };
    return reader.read(JSON.stringify({ type: "user", message: { content: [block] } }));
  };
  call("1", "/repo/a.ts");
  assert.equal(result("1", "ok", false), []);
  call("2", "/repo/b.ts");
  assert.equal(result("2", "<tool_use_error>File does not exist.</tool_use_error>"), [
    { type: "tool-failed", name: "Edit", text: "File does not exist.", unchanged: "b.ts" },
  ]);
  call("3", "/repo/a.ts");
  assert.equal(result("3", "String to replace not found."), [{ type: "tool-failed", name: "Edit", text: "String to replace not found." }]);
  const said = call("4", "/repo/c.ts").find((event) => event.type === "activity");
  assert.is(said?.type === "activity" && said.text, "2 files processed");
});

test("a resumed session's earlier cost is not counted again", () => {
  const usage = (inputTokens: number) => ({ m: { inputTokens, outputTokens: 50, costUSD: inputTokens / 1e6 } });
  const result = (total: number, own: number) =>
    JSON.stringify({
      type: "result",
      subtype: "success",
      is_error: false,
      num_turns: 1,
      result: "ok",
      total_cost_usd: total / 1e6,
      modelUsage: usage(total),
      model_usage_since_last_result: usage(own),
    });
  const reader = claude.reader("/repo");
  const [first, second] = [result(3000, 1000), result(3500, 500)].map((line) => reader.read(line).find((event) => event.type === "cost"));
  assert.equal(first?.type === "cost" && [first.cost.usd, first.cost.inputTokens, first.earlier?.inputTokens], [0.001, 1000, 2000]);
  assert.equal(second?.type === "cost" && [second.cost.usd, second.cost.inputTokens, second.cost.turns], [0.0015, 1500, 2]);
});

test("a permission request names the whole command, and is settled by its answer", () => {
  for (const name of ["permission-allowed", "permission-denied"]) {
    const run = replay(name);
    const [needs] = of(run, "needs");
    assert.equal(needs?.needs, { kind: "permission", text: "Bash: rm -rf build", rules: ["Bash(rm -rf build)"] });
    assert.equal(of(run, "settled"), [{ type: "settled", requestId: needs?.requestId }]);
    assert.equal(of(run, "note"), [], "what the person refused is no news");
    assert.is(run.ending.kind, "done");
  }
});

test("a run that ends while it asks ends as that question, however it was ended", () => {
  for (const name of ["permission", "permission-term", "permission-int", "permission-eof"]) {
    assert.equal(
      replay(name).ending,
      { kind: "question", needs: { kind: "permission", text: "Bash: rm -rf build", rules: ["Bash(rm -rf build)"] } },
      name,
    );
  }
});

test("a request keeps what its answer needs", () => {
  const reader = claudeReader("/repo");
  reader.read(control("r1", "Bash", { command: "x", description: "y" }));
  assert.equal(
    reader.pending().map(({ requestId, input }) => ({ requestId, input })),
    [{ requestId: "r1", input: { command: "x", description: "y" } }],
  );
  assert.equal(reader.read(JSON.stringify({ type: "control_cancel_request", request_id: "r1" })), [{ type: "settled", requestId: "r1" }]);
  assert.equal(reader.pending(), []);
});

test("a command is never cut in a permission request", () => {
  const command = `echo ${"x".repeat(5000)} && rm -rf /`;
  const [event] = claude.reader("/repo").read(control("r1", "Bash", { command }));
  assert.is(event?.type === "needs" && event.needs.text, `Bash: ${command}`);
});

test("a question comes with its options, a plan with its text", () => {
  assert.equal(of(replay("question"), "needs")[0]?.needs, {
    kind: "question",
    text: "Which database should I use?",
    options: ["Postgres", "SQLite"],
  });
  assert.equal(of(replay("plan"), "needs")[0]?.needs, { kind: "plan", text: "1. Add the column\n2. Backfill it" });
  const questions = [{ question: "A?", options: [{ label: "1" }, { label: "2" }] }, { question: "B?" }];
  const [event] = claude.reader("/repo").read(control("r1", "AskUserQuestion", { questions }));
  assert.equal(event?.type === "needs" && event.needs, { kind: "question", text: "1. A? (1 · 2)\n2. B?" });
});

test("a permission refused without asking is noted once", () => {
  assert.equal(
    of(replay("permission-none"), "note").map((event) => event.text),
    ["refused without asking: Bash: rm -rf build"],
  );
});

test("rules of --allow are obeyed without a question", () => {
  assert.equal(of(replay("allow-rules"), "needs"), []);
});

test("a run is finished only when nothing is in flight, though it gave a result before", () => {
  for (const [name, waiting] of [
    ["background-bash", "waiting for Run the suite"],
    ["subagent", "waiting for Explore the code"],
  ] as const) {
    const run = replay(name);
    assert.is(of(run, "cost").length, 2, name);
    assert.is(of(run, "finished").length, 1, name);
    assert.is(run.events.at(-1)?.type, "finished", name);
    assert.ok(activities(run).includes(waiting), name);
    assert.is(run.ending.kind, "done");
  }
  assert.equal(
    of(replay("background-bash"), "cost").map((event) => event.cost.turns),
    [2, 3],
  );
});

test("a subagent's words are log, its tools are activity", () => {
  const run = replay("subagent");
  assert.equal(of(run, "log"), [{ type: "log", text: "Found it." }]);
  assert.equal(activities(run).slice(0, 2).sort(), ["scanning src/api/", "subagent: Explore the code"]);
});

test("a queued message keeps the conversation open", () => {
  const result = (queued: number) =>
    JSON.stringify({
      type: "result",
      subtype: "success",
      is_error: false,
      terminal_reason: "completed",
      result: "ok",
      queued_turn_count: queued,
    });
  const reader = claude.reader("/repo");
  assert.not(reader.read(result(1)).some((event) => event.type === "finished"));
  assert.ok(reader.read(result(0)).some((event) => event.type === "finished"));
});

test("steps of the agent's own list are counted", () => {
  assert.equal(activities(replay("todos")), ["0 of 1 steps", "0 of 2 steps", "1 of 2 steps"]);
});

test("every way to fail has its code and is never done", () => {
  const expected: Record<string, string> = {
    "error-400": "API_ERROR",
    "error-401": "LOGIN_REFUSED",
    "error-401-login": "LOGIN_REFUSED",
    "error-403": "LOGIN_REFUSED",
    "not-logged-in": "LOGIN_REFUSED",
    "error-billing": "BILLING",
    "error-429": "RATE_LIMITED",
    "error-529": "OVERLOADED",
    "cut-at-once": "CONNECTION",
    "cut-mid-stream": "CONNECTION",
    "max-turns": "MAX_TURNS",
    "max-budget": "BUDGET",
    interrupted: "INTERRUPTED",
    "resume-unknown": "SESSION_NOT_FOUND",
  };
  assert.equal(Object.fromEntries(Object.keys(expected).map((name) => [name, codeOf(replay(name))])), expected);
});

test("a failure of the provider says what it answered, and what to do", () => {
  const { ending } = replay("error-401");
  assert.is(ending.kind === "failed" && ending.message, "the provider refused the login (401): Invalid API key · Fix external API key");
  assert.match((ending.kind === "failed" && ending.hint) || "", "claude /login");
  assert.equal(of(replay("error-401"), "log"), [{ type: "log", text: "Invalid API key · Fix external API key" }], "the log says it too");
});

test("a usage limit is no failure: it names when it ends", () => {
  const { ending } = replay("usage-limit");
  assert.is(ending.kind, "limited");
  assert.match((ending.kind === "limited" && ending.until) || "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
});

test("a retried provider is shown, and forgotten once it answers", () => {
  const run = replay("error-529-recovered");
  assert.equal(activities(run), ["provider: retrying (529), attempt 2", "provider: retrying (529), attempt 3"]);
  assert.is(run.ending.kind, "done");
});

test("a login refused twice is hopeless, and says so when it is ended for that", () => {
  assert.ok(of(replay("error-401"), "hopeless").length > 0);
  assert.is(of(replay("error-529"), "hopeless").length, 0);
  const reader = claude.reader("/repo");
  const retry = (attempt: number) =>
    JSON.stringify({
      type: "system",
      subtype: "api_retry",
      attempt,
      retry_delay_ms: 500,
      error_status: 401,
      error: "authentication_failed",
    });
  assert.not(
    reader.read(retry(1)).some((event) => event.type === "hopeless"),
    "the first may be the one that renews the login",
  );
  assert.ok(reader.read(retry(2)).some((event) => event.type === "hopeless"));
  const ending = reader.end({ code: 143 });
  assert.is(ending.kind === "failed" && ending.code, "LOGIN_REFUSED");
  // Seen when SIGINT reached it first: it writes the interruption down and ends its turn.
  reader.read(JSON.stringify({ type: "user", message: { content: [{ type: "text", text: "[Request interrupted by user]" }] } }));
  reader.read(JSON.stringify(abortedResult));
  const interrupted = reader.end({ code: 0 });
  assert.is(interrupted.kind === "failed" && interrupted.code, "LOGIN_REFUSED");
});

test("a trouble of the provider that was overcome does not explain a later end", () => {
  const ended = (last: object[], code: number) => {
    const reader = claude.reader("/repo");
    for (const line of [
      { type: "system", subtype: "api_retry", attempt: 1, retry_delay_ms: 500, error_status: 529, error: "overloaded" },
      { type: "assistant", message: { content: [{ type: "tool_use", id: "t1", name: "Bash", input: { command: "make" } }] } },
      ...last,
    ])
      reader.read(JSON.stringify(line));
    const ending = reader.end({ code });
    return ending.kind === "failed" ? ending.code : ending.kind;
  };
  assert.is(ended([], 137), "AGENT_FAILED");
  assert.is(ended([abortedResult], 0), "INTERRUPTED");
});

test("a conversation without room is told as that", () => {
  const reader = claude.reader("/repo");
  const words = { content: [{ type: "text", text: "Prompt is too long" }] };
  reader.read(JSON.stringify({ type: "assistant", is_api_error_message: true, error: "invalid_request", message: words }));
  reader.read(
    JSON.stringify({
      type: "result",
      subtype: "success",
      is_error: true,
      terminal_reason: "blocking_limit",
      api_error_status: null,
      result: "Prompt is too long",
    }),
  );
  const ending = reader.end({ code: 1 });
  assert.is(ending.kind === "failed" && ending.code, "PROMPT_TOO_LONG");
});

test("without a result nothing is done, whatever the exit code", () => {
  const ended = (code: number, lines: readonly object[] = []) => {
    const reader = claude.reader("/repo");
    for (const line of lines) reader.read(JSON.stringify(line));
    const ending = reader.end({ code });
    return ending.kind === "failed" ? `${ending.code}: ${ending.message}` : ending.kind;
  };
  const success = { type: "result", subtype: "success", is_error: false, terminal_reason: "completed", result: "ok" };
  const spoke = { type: "assistant", message: { content: [{ type: "text", text: "…" }] } };
  assert.is(ended(0), "AGENT_FAILED: the agent ended with exit code 0 before it gave a result");
  assert.is(ended(137), "AGENT_FAILED: the agent was ended by SIGKILL (exit code 137) before it gave a result");
  assert.match(ended(127), "AGENT_NOT_INSTALLED");
  assert.is(ended(0, [success, spoke]), "AGENT_FAILED: the agent ended with exit code 0 in the middle of a turn");
  assert.is(ended(1, [success]), "AGENT_FAILED: the agent gave a result, but then ended with exit code 1");
  assert.is(ended(0, [{ ...success, is_error: true }]), "AGENT_FAILED: the agent ended with an error: ok");
  assert.is(ended(0, [success]), "done");
});

test("no recording cut anywhere, and no line broken anywhere, throws or is done before its result", () => {
  for (const file of readdirSync(recordings)) {
    const lines = readFileSync(new URL(file, recordings), "utf8").trimEnd().split("\n").slice(0, -1);
    const whole = claude.reader("/repo");
    assert.not(
      lines.flatMap((line) => whole.read(line)).some((event) => event.type === "log" && event.text.includes("could not read")),
      file,
    );
    for (let n = 0; n < lines.length; n++) {
      const reader = claude.reader("/repo");
      const before = lines.slice(0, n);
      for (const line of before) reader.read(line);
      reader.read((lines[n] ?? "").slice(0, 100));
      if (!before.some((line) => line.includes('"type":"result"'))) assert.is.not(reader.end({ code: 0 }).kind, "done", `${file} ${n}`);
    }
  }
  const reader = claude.reader("/repo");
  for (const line of [
    "",
    "plain words",
    "{",
    "[]",
    "null",
    "{}",
    '{"type":"assistant"}',
    '{"type":"assistant","message":{"content":[null,1,{"type":"tool_use","name":"Edit"}]}}',
    '{"type":"control_request"}',
    '{"type":"result"}',
    '{"type":"system","subtype":"background_tasks_changed"}',
  ])
    reader.read(line);
  assert.is.not(reader.end({ code: 0 }).kind, "done");
});

test("the command line asks over the stream and chooses the session", () => {
  const { file, args } = claude.command(spec());
  assert.is(file, "claude");
  assert.equal(args, [
    "-p",
    "--input-format",
    "stream-json",
    "--output-format",
    "stream-json",
    "--verbose",
    "--permission-prompt-tool",
    "stdio",
    "--session-id",
    "0e8e0000-0000-4000-8000-000000000000",
    "--permission-mode",
    "acceptEdits",
  ]);
});

test("the person's words reach the command line, each rule as one argument", () => {
  const { file, args } = claude.command(
    spec(
      { resume: true, settings: { path: "/opt/claude", args: ["--add-dir=/x"], permissionMode: "plan" } },
      { model: "opus", allow: ["Bash(npm test)", "Bash(git log --format=%h,%s)"], agentArgs: ["--max-turns", "9"] },
    ),
  );
  assert.is(file, "/opt/claude");
  assert.equal(args.slice(8), [
    "--resume",
    "0e8e0000-0000-4000-8000-000000000000",
    "--model",
    "opus",
    "--permission-mode",
    "plan",
    "--allowedTools=Bash(npm test)",
    "--allowedTools=Bash(git log --format=%h,%s)",
    "--add-dir=/x",
    "--max-turns",
    "9",
  ]);
});

test("no permission is skipped unless the person says so", () => {
  assert.not(claude.command(spec()).args.some((arg) => /dangerously|bypass/.test(arg)));
  assert.ok(claude.command(spec({}, { permissionMode: "bypassPermissions" })).args.includes("bypassPermissions"));
});

test("a prompt reaches the agent as it was typed", () => {
  for (const prompt of [
    'ä\n\t"quoted" \\ $HOME `x`',
    "🌲 \u2028\u2029\u0000\u001b[31m",
    "-p --help",
    "",
    "x".repeat(5_000_000),
    "lone \ud800 half",
  ]) {
    const { stdin } = claude.command(spec({ prompt }));
    if (stdin.kind !== "conversation") return assert.unreachable();
    const lines = Buffer.from(stdin.first, "utf8").toString("utf8").split("\n");
    assert.is(lines.length, 3);
    assert.is((JSON.parse(lines[0] ?? "") as { request: { subtype: string } }).request.subtype, "initialize");
    const line = JSON.parse(lines[1] ?? "") as { message: { content: { text: string }[] } };
    assert.ok(line.message.content[0]?.text === prompt, prompt.slice(0, 20));
  }
});

test("answers are one line each, under the request's id", () => {
  assert.equal(JSON.parse(allowLine("r1", { command: "x" })), {
    type: "control_response",
    response: { subtype: "success", request_id: "r1", response: { behavior: "allow", updatedInput: { command: "x" } } },
  });
  assert.is(denyLine("r1", "no\nway").split("\n").length, 2);
});

test("attach takes the session up in a terminal", () => {
  assert.equal(claude.attach("abc", {}), { file: "claude", args: ["--resume", "abc"] });
});

const abortedResult = {
  type: "result",
  subtype: "error_during_execution",
  is_error: true,
  terminal_reason: "aborted_streaming",
  errors: ["[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null"],
};

function control(id: string, tool: string, input: object): string {
  return JSON.stringify({
    type: "control_request",
    request_id: id,
    request: { subtype: "can_use_tool", tool_name: tool, input, tool_use_id: `t-${id}` },
  });
}

test.run();
