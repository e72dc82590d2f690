/** Plays a recorded session to the runner as Claude Code would: every event to the port, those that are guarded also to the script; and holds what a person's hook was told against the recording alone. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { HookEvent } from "../../src/hooks/event.ts";
import { matches } from "../../src/hooks/matcher.ts";
import { wantedOfSessions } from "../../src/hooks/wanted.ts";
import { hearing, hook, portOf, post } from "./hook-client.ts";
import { kill, root, runnerPid, type Sandbox } from "./sandbox.ts";

type Told = HookEvent & {
  readonly background_tasks: readonly { readonly task_id: string; readonly description: string }[];
  readonly tools_called_this_turn: readonly { readonly tool_name: string; readonly count: number; readonly failed?: number }[];
};

const recording = readFileSync(join(root, "test", "recordings", "claude-hooks.ndjson"), "utf8");
const recordedId = "8bd4cd0e-628d-4a5b-bf6b-21ea2d7635fd";
export const recordedEvents = recording.trimEnd().split("\n").length;

/** A hook of the person's for every event, which writes down what it is told. */
export function listen(box: Sandbox): string {
  const told = join(box.dir, "told");
  const file = join(box.env["HOME"] ?? "", ".config", "copse", "config.json");
  const hooks = [{ hooks: [{ type: "command", command: `x=$(cat); printf '%s\\n' "$x" >> ${told}` }] }];
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, JSON.stringify({ hooks: Object.fromEntries(Object.keys(wantedOfSessions(box.state)).map((name) => [name, hooks])) }));
  writeFileSync(told, "");
  return told;
}

const linesOf = (file: string): Told[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Told);

/** What has to be right again: in no order, without times. */
const known = ({ background_tasks, tools_called_this_turn }: Told) => ({
  background: background_tasks.map(({ task_id, description }) => `${task_id} ${description}`).sort(),
  tools: tools_called_this_turn.map((tool) => JSON.stringify(tool)).sort(),
});

export interface Play {
  /** Ids of sessions are made of it. */
  readonly name: string;
  /** The runner is killed before the event of this number. */
  readonly killBefore: number;
  /** Wait for the next runner as soon as a script has started it, or go on and meet it half-way. */
  readonly wait: boolean;
}

/** @returns how many events nobody heard at the port */
export async function play(box: Sandbox, told: string, { name, killBefore, wait }: Play): Promise<number> {
  const session = `${name}-${killBefore}`;
  const file = join(box.dir, `${session}.ndjson`);
  writeFileSync(file, recording.replaceAll(recordedId, session).replaceAll('"/t/repo', `"${box.repo}`));
  const events = linesOf(file).map((line) => line["event"] as HookEvent);
  const right = (await box.copse(["hooks", "replay", file])).stdout.trimEnd().split("\n");
  let refused = 0;
  for (const [n, event] of events.entries()) {
    const body = JSON.stringify(event);
    if (n === killBefore) {
      const pid = runnerPid(box.state);
      assert.ok(pid, "a runner is up");
      kill(pid);
    }
    if (event.hook_event_name === "SessionStart") {
      await box.copse(["hooks", "start"], { input: body, env: { CLAUDE_PID: String(process.pid) } });
      await hearing(box);
      continue;
    }
    const before = linesOf(told).length;
    const guard = guardOf(box, event);
    const [answer] = await Promise.all([
      post(portOf(box.state), body).catch((error: NodeJS.ErrnoException) => error.code ?? ""),
      guard === undefined ? undefined : hook("sh", ["-c", guard], body, box.env).then((code) => assert.is(code, 0)),
    ]);
    if (typeof answer === "string") {
      assert.match(answer, /^ECONN(REFUSED|RESET)$/);
      refused++;
      if (wait && guard !== undefined) await hearing(box);
      continue;
    }
    assert.is(answer.status, 200);
    const heard = linesOf(told).slice(before);
    if (event.hook_event_name === "MessageDisplay") continue;
    assert.is(heard.length, 1, `${n} ${event.hook_event_name} reached the person's hook once`);
    // Before that, calls that nobody heard of are named by their batch only.
    if (n < killBefore || /^(Stop|SubagentStop|UserPromptSubmit)$/.test(event.hook_event_name))
      assert.equal(
        known(heard[0] as Told),
        known(JSON.parse(right[n] ?? "") as Told),
        `${n} ${event.hook_event_name}, killed before ${killBefore}`,
      );
  }
  return refused;
}

/** The command in Claude Code's settings for this event. */
function guardOf(box: Sandbox, event: HookEvent): string | undefined {
  const groups = wantedOfSessions(box.state)[event.hook_event_name] ?? [];
  const entry = groups
    .filter(({ matcher }) => matches(matcher, event))
    .flatMap((group) => group.hooks)
    .find(({ type }) => type === "command");
  return entry === undefined || event.hook_event_name === "SessionStart" ? undefined : String(entry["command"]);
}
