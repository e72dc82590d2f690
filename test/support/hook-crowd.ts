/** Crowds of sessions for the runner's port, and what it has to know of them afterwards. */
import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { call, event, type Port, post } from "./hook-client.ts";
import { runnerPid, type Sandbox, sandbox } from "./sandbox.ts";

export const mostMb = 200;
const tools = ["Read", "Read", "Edit", "Bash"];

/** 1 prompt, 49 calls told before and after, 1 message: a hundred. */
export function eventsOf(session: string, cwd: string, calls = 49): string[] {
  const each = Array.from({ length: calls }, (_, n) => {
    const tool = tools[n % tools.length] as string;
    const before = call(session, `${session}-${n}`, tool, { cwd });
    return [before, before.replace('"PreToolUse"', n % 7 === 0 ? '"PostToolUseFailure"' : '"PostToolUse"')];
  });
  return [event(session, "UserPromptSubmit", { cwd, prompt: "go" }), ...each.flat(), event(session, "Notification", { cwd })];
}

export const namesOf = (events: readonly string[]) =>
  events.map((text) => JSON.parse(text)).map((one) => `${one.hook_event_name} ${one.tool_use_id ?? ""}`);

function countsOf(calls = 49) {
  const counts = new Map<string, { tool_name: string; count: number; failed: number }>();
  for (let n = 0; n < calls; n++) {
    const tool_name = tools[n % tools.length] as string;
    const { count = 0, failed = 0 } = counts.get(tool_name) ?? {};
    counts.set(tool_name, { tool_name, count: count + 1, failed: failed + Number(n % 7 === 0) });
  }
  return [...counts.values()].map(({ failed, ...one }) => (failed === 0 ? one : { ...one, failed }));
}

/** In its order, each after the answer to the one before, as an agent does. */
export async function send(port: Port, events: readonly string[]): Promise<void> {
  for (const one of events) assert.equal(await post(port, one), { status: 200, body: "{}" });
}

export const peakMb = (box: Sandbox): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${runnerPid(box.state)}/status`, "utf8"))?.[1]) / 1024;

export async function inBox(work: (box: Sandbox) => Promise<void>): Promise<void> {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  try {
    await work(box);
  } finally {
    await box.close();
  }
}

export async function allWereHeard(box: Sandbox, sessions: readonly string[], calls?: number): Promise<void> {
  const shown = (await box.json(["hooks", "show"])).sessions;
  assert.equal(shown.map(({ sessionId }: { sessionId: string }) => sessionId).sort(), [...sessions].sort());
  for (const one of shown) assert.equal(one.tools_called_this_turn, countsOf(calls), one.sessionId);
  const log = new Map<string, string[]>(sessions.map((session) => [session, []]));
  for (const line of (await box.copse(["hooks", "log", "--json"])).stdout.trimEnd().split("\n")) {
    const { sessionId, event: heard } = JSON.parse(line);
    if (heard !== undefined) log.get(sessionId)?.push(`${heard.hook_event_name} ${heard.tool_use_id ?? ""}`);
  }
  for (const session of sessions) assert.equal(log.get(session), namesOf(eventsOf(session, box.repo, calls)), session);
}
