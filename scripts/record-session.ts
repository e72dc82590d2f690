/**
 * Records sessions of the real Claude Code against a scripted model, for `test/recordings/claude`.
 * `CLAUDE=/path/to/claude npx tsx scripts/record-session.ts [case…]`: each case runs as Copse runs it (named pipe, holder, stdout to a file), is redacted and saved.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Request } from "../src/core/task.ts";
import type { SessionSpec } from "../src/session/agents/agent.ts";
import { claude } from "../src/session/agents/claude.ts";
import { allowLine, denyLine } from "../src/session/agents/claude-talk.ts";
import {
  cut,
  error,
  firstUserText,
  message,
  type Script,
  startMessagesApi,
  text,
  toolUse,
  turn,
  usageLimit,
} from "../test/support/messages-api.ts";

interface Case {
  readonly script: Script;
  readonly request?: Partial<Request>;
  readonly resume?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Answer to a control request; null leaves it open and ends the run there. */
  readonly answer?: (request: { input: Record<string, unknown> }) => { allow: unknown } | { deny: string } | null;
  readonly signal?: "INT" | "TERM" | "KILL" | "EOF";
}

const ask = toolUse("AskUserQuestion", {
  questions: [
    {
      question: "Which database should I use?",
      header: "Database",
      multiSelect: false,
      options: [
        { label: "Postgres", description: "a server" },
        { label: "SQLite", description: "a file" },
      ],
    },
  ],
});
// acceptEdits lets a removal inside the worktree pass; the plain mode asks.
const asking = { permissionMode: "default" };
const permissionScript = [toolUse("Bash", { command: "rm -rf build", description: "Remove the build" }), text("Removed.")];
const login = { ANTHROPIC_API_KEY: "", CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-fake" };

const cases: Record<string, Case> = {
  "write-file": {
    script: [
      message([
        { type: "text", text: "I will read, then write." },
        { type: "tool_use", name: "Read", input: { file_path: "ROOT/src/api/a.ts" } },
      ]),
      toolUse("Write", { file_path: "ROOT/src/x.ts", content: "export const x = 1;\n" }),
      toolUse("Edit", { file_path: "ROOT/src/api/a.ts", old_string: "a", new_string: "b" }),
      text("Wrote src/x.ts."),
    ],
  },
  permission: { script: permissionScript, request: asking, answer: () => null, signal: "KILL" },
  "permission-term": { script: permissionScript, request: asking, answer: () => null, signal: "TERM" },
  "permission-int": { script: permissionScript, request: asking, answer: () => null, signal: "INT" },
  "permission-eof": { script: permissionScript, request: asking, answer: () => null, signal: "EOF" },
  "permission-allowed": { script: permissionScript, request: asking, answer: ({ input }) => ({ allow: input }) },
  "permission-denied": { script: permissionScript, request: asking, answer: () => ({ deny: "keep it" }) },
  "permission-outside": {
    script: [
      toolUse("Bash", { command: "rm -rf ../other" }),
      toolUse("Write", { file_path: "ROOT/../other.txt", content: "x" }),
      text("Left it."),
    ],
    answer: () => ({ deny: "keep it" }),
  },
  question: {
    script: [ask, text("SQLite it is.")],
    answer: ({ input }) => ({ allow: { ...input, answers: { "Which database should I use?": "SQLite" } } }),
  },
  plan: {
    script: [toolUse("ExitPlanMode", { plan: "1. Add the column\n2. Backfill it" }), text("Done.")],
    request: { permissionMode: "plan" },
    answer: ({ input }) => ({ allow: input }),
  },
  "allow-rules": {
    script: [
      toolUse("Bash", { command: "npm test", description: "Test" }),
      toolUse("Bash", { command: "printf a,b" }),
      toolUse("Bash", { command: "git commit --allow-empty -m x", description: "Commit" }),
      text("Ok."),
    ],
    request: { allow: ["Bash(npm test)", "Bash(git commit:*)", "Bash(printf a,b)"] },
    answer: () => ({ deny: "asked although allowed" }),
  },
  "allow-rules-none": {
    script: [
      toolUse("Bash", { command: "npm test" }),
      toolUse("Bash", { command: "git commit --allow-empty -m x" }),
      toolUse("Bash", { command: "printf a,b" }),
      text("Ok."),
    ],
    answer: () => ({ deny: "asked" }),
  },
  "allow-rules-joined": {
    script: [
      toolUse("Bash", { command: "npm test" }),
      toolUse("Bash", { command: "git commit --allow-empty -m x" }),
      toolUse("Bash", { command: "printf a,b" }),
      text("Ok."),
    ],
    request: { agentArgs: ["--allowedTools=Bash(npm test),Bash(git commit:*) Bash(printf a,b)"] },
    answer: () => ({ deny: "asked although allowed" }),
  },
  "background-bash": {
    script: [
      toolUse("Bash", { command: "sleep 3; echo bg-done", description: "Run the suite", run_in_background: true }),
      text("The suite runs."),
      text("The suite has ended."),
    ],
    answer: ({ input }) => ({ allow: input }),
  },
  subagent: {
    script: (body) => {
      const isSubagent = firstUserText(body).includes("SUB-PROMPT");
      if (isSubagent) return turn(body) === 0 ? toolUse("Read", { file_path: "ROOT/src/api/a.ts" }) : text("Found it.");
      return turn(body) === 0
        ? toolUse("Agent", { description: "Explore the code", prompt: "SUB-PROMPT", subagent_type: "general-purpose" })
        : text("Ended.");
    },
  },
  todos: {
    script: [
      toolUse("TaskCreate", { subject: "One", description: "first" }),
      toolUse("TaskCreate", { subject: "Two", description: "second" }),
      toolUse("TaskUpdate", { taskId: "1", status: "completed" }),
      text("Ok."),
    ],
  },
  "error-400": { script: [error(400, { message: "Your input was bad" })] },
  "error-401": { script: [error(401, { message: "invalid x-api-key" })] },
  "error-401-login": { script: [error(401, { message: "OAuth token has expired" })], env: login },
  "error-403": { script: [error(403, { message: "no access" })] },
  "error-billing": { script: [error(400, { message: "Your credit balance is too low to access the Anthropic API." })] },
  "error-429": { script: [error(429, { headers: { "retry-after": "3600" } })] },
  "error-529": { script: [error(529, { message: "Overloaded" })] },
  "error-529-recovered": { script: (_body, call) => (call < 2 ? error(529) : text("Recovered.")) },
  "cut-at-once": { script: [cut()] },
  "cut-mid-stream": { script: [cut("mid-stream")] },
  "usage-limit": { script: [usageLimit(new Date(Date.now() + 3 * 3600_000))], env: login },
  "max-turns": { script: () => toolUse("Bash", { command: "ls" }), request: { agentArgs: ["--max-turns", "2"] } },
  "max-budget": { script: () => toolUse("Bash", { command: "ls" }), request: { agentArgs: ["--max-budget-usd", "0.000001"] } },
  "resume-unknown": { script: [text("?")], resume: true },
  "not-logged-in": { script: [text("?")], env: { ANTHROPIC_API_KEY: "" } },
  interrupted: { script: [toolUse("Bash", { command: "sleep 20" }), text("?")], request: { allow: ["Bash(sleep *)"] }, signal: "INT" },
  "permission-none": {
    script: [toolUse("Bash", { command: "rm -rf build" }), text("I could not.")],
    request: { permissionMode: "dontAsk" },
  },
};

const binary = process.env.CLAUDE ?? "claude";
for (const name of process.argv.slice(2).length > 0 ? process.argv.slice(2) : Object.keys(cases)) {
  const found = cases[name];
  if (found) await record(name, found);
}

async function record(name: string, one: Case): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "copse-record-"));
  const root = join(dir, "repo");
  for (const each of ["repo/src/api", "repo/build", "home", "run"]) mkdirSync(join(dir, each), { recursive: true });
  writeFileSync(join(root, "src/api/a.ts"), "a\n");
  writeFileSync(join(root, "package.json"), '{"scripts":{"test":"true"}}\n');
  const script: Script =
    typeof one.script === "function"
      ? async (body, call) => at(await (one.script as (b: typeof body, c: number) => ReturnType<typeof text>)(body, call))
      : one.script.map(at);
  const api = await startMessagesApi(script);
  const spec: SessionSpec = {
    prompt: one.request?.title ?? "do it",
    request: { model: null, permissionMode: null, allow: [], agentArgs: [], ...one.request } as unknown as Request,
    sessionId: crypto.randomUUID(),
    resume: one.resume ?? false,
    settings: { path: binary },
    hookSettings: null,
  };
  const command = claude.command(spec);
  const reader = claude.reader(root);
  const sh = `git init -q . 2>/dev/null; mkfifo "$D/in"; sleep 1000000 3<>"$D/in" </dev/null >/dev/null 2>&1 & holder=$!; echo $holder > "$D/holder"; ("$@" < "$D/in" > "$D/out" 2> "$D/err" & echo $! > "$D/pid"; wait $!; echo $? > "$D/rc"); kill $holder 2>/dev/null`;
  const began = Date.now();
  const run = join(dir, "run");
  const keep = ["PATH", "LANG", "TMPDIR"].flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]] as const]));
  const child = spawn("sh", ["-c", sh, "sh", command.file, ...command.args], {
    cwd: root,
    stdio: "ignore",
    env: {
      ...Object.fromEntries(keep),
      HOME: join(dir, "home"),
      D: run,
      ANTHROPIC_API_KEY: "fake",
      ANTHROPIC_BASE_URL: api.url,
      ...command.env,
      ...overrides(),
      ...one.env,
    },
  });
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  if (command.stdin.kind === "conversation") {
    while (!(await readFile(join(run, "holder"), "utf8").catch(() => ""))) await sleep(10);
    await appendFile(join(run, "in"), command.stdin.first);
  }
  const kill = (signal: string) => process.kill(Number(readFileSync(join(run, "pid"), "utf8")), `SIG${signal}`);
  let read = 0;
  let ended = false;
  await exited.then(() => (ended = true));
  let closed = false;
  for (let final = false; !final; ) {
    final = ended || Date.now() - began > 120_000;
    const lines = (await readFile(join(run, "out"), "utf8").catch(() => "")).split("\n").slice(0, -1);
    for (; read < lines.length; read++) {
      const line = lines[read] ?? "";
      const events = reader.read(line);
      for (const event of events) console.log(`  ${((Date.now() - began) / 1000).toFixed(1)}  ${JSON.stringify(event).slice(0, 220)}`);
      const value = JSON.parse(line) as {
        type: string;
        request_id: string;
        request: { subtype: string; input: Record<string, unknown> };
        message?: { content: { type: string }[] };
      };
      if (value.type === "control_request" && value.request.subtype === "can_use_tool" && one.answer) {
        const answer = one.answer(value.request);
        if (answer === null) closed ||= one.signal === "EOF";
        if (answer === null)
          setTimeout(
            () => (one.signal === "EOF" ? process.kill(Number(readFileSync(join(run, "holder"), "utf8"))) : kill(one.signal ?? "KILL")),
            300,
          );
        else
          await appendFile(
            join(run, "in"),
            "allow" in answer ? allowLine(value.request_id, answer.allow) : denyLine(value.request_id, answer.deny),
          );
      }
      if (value.type === "assistant" && one.signal === "INT" && !one.answer) setTimeout(() => kill("INT"), 1500);
      if (!closed && events.some((event) => event.type === "finished")) {
        closed = true;
        process.kill(Number(readFileSync(join(run, "holder"), "utf8")));
      }
      if (events.some((event) => event.type === "hopeless") && process.env.HOPELESS === "kill") kill("TERM");
    }
    if (!final) await sleep(20);
  }
  if (!ended) kill("KILL");
  await exited;
  const seconds = (Date.now() - began) / 1000;
  const code = Number(readFileSync(join(run, "rc"), "utf8"));
  const stderr = readFileSync(join(run, "err"), "utf8").trim();
  console.log(
    `${name}: ${seconds.toFixed(1)} s, exit ${code}, ${api.main().length} requests (+${api.requests.length - api.main().length} side), ${JSON.stringify(reader.end({ code }))}${stderr ? `\n  stderr: ${stderr}` : ""}`,
  );
  const lines = (await readFile(join(run, "out"), "utf8"))
    .split("\n")
    .filter(Boolean)
    .map((line) => redacted(line, dir));
  const out = process.env.OUT ?? "test/recordings/claude";
  mkdirSync(out, { recursive: true });
  writeFileSync(
    join(out, `${name}.jsonl`),
    [...lines, JSON.stringify({ recorded: { exit: code, stderr: redactedText(stderr, dir) } })].map((line) => `${line}\n`).join(""),
  );
  await api.close();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });

  function at<T>(value: T): T {
    return JSON.parse(JSON.stringify(value).replaceAll("ROOT", root)) as T;
  }
}

/** `ENV_X=1` in the recorder's environment is X=1 in the agent's; for measuring. */
function overrides(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (key.startsWith("ENV_") && value !== undefined ? [[key.slice(4), value]] : [])),
  );
}

function redactedText(words: string, dir: string): string {
  return words
    .replaceAll(join(dir, "repo"), "/repo")
    .replaceAll(dir, "/run")
    .replaceAll(dir.replace(/[/.+]/g, "-"), "-run")
    .replace(/\/[^"\s]*\/claude-\d+\//g, "/run/claude/")
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:0");
}

/** Paths become /repo, the socket's place and the long lists of the init line are cut. */
function redacted(line: string, dir: string): string {
  const value = JSON.parse(redactedText(line, dir)) as Record<string, unknown>;
  for (const key of [
    "slash_commands",
    "terminal_slash_commands",
    "skills",
    "agents",
    "plugins",
    "tools",
    "memory_paths",
    "messaging_socket_path",
  ])
    if (key in value) value[key] = Array.isArray(value[key]) ? value[key].slice(0, 3) : "";
  if (value.type === "control_response") {
    const outer = value.response as { response?: object };
    if (outer.response) outer.response = {};
  }
  return JSON.stringify(value);
}
