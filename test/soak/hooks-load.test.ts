/** A hundred sessions with a hundred events each, at once: none is lost or counted twice, and the runner stays small. Then those who only hold connections, and a thousand sessions that have ended. */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { call, event, hearing, type Port, post, reusing } from "../support/hook-client.ts";
import { listen } from "../support/hook-play.ts";
import { runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

const mostMb = 200;
const tools = ["Read", "Read", "Edit", "Bash"];

/** 1 prompt, 49 calls told before and after, 1 message: a hundred. */
function eventsOf(session: string, cwd: string, calls = 49): string[] {
  const each = Array.from({ length: calls }, (_, n) => {
    const tool = tools[n % tools.length] as string;
    const before = call(session, `${session}-${n}`, tool, { cwd });
    return [before, before.replace('"PreToolUse"', n % 7 === 0 ? '"PostToolUseFailure"' : '"PostToolUse"')];
  });
  return [event(session, "UserPromptSubmit", { cwd, prompt: "go" }), ...each.flat(), event(session, "Notification", { cwd })];
}

const namesOf = (events: readonly string[]) =>
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
async function send(port: Port, events: readonly string[]): Promise<void> {
  for (const one of events) assert.equal(await post(port, one), { status: 200, body: "{}" });
}

const peakMb = (box: Sandbox): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${runnerPid(box.state)}/status`, "utf8"))?.[1]) / 1024;

async function inBox(work: (box: Sandbox) => Promise<void>): Promise<void> {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  try {
    await work(box);
  } finally {
    await box.close();
  }
}

async function allWereHeard(box: Sandbox, sessions: readonly string[], calls?: number): Promise<void> {
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

test("100 sessions with 100 events each, a connection an event", () =>
  inBox(async (box) => {
    const port = await hearing(box);
    const sessions = Array.from({ length: 100 }, (_, n) => `s${n}`);
    const startedAt = performance.now();
    await Promise.all(sessions.map((session) => send(port, eventsOf(session, box.repo))));
    const seconds = (performance.now() - startedAt) / 1000;
    const peak = peakMb(box);
    console.log(`10,000 events in ${seconds.toFixed(1)} s, ${peak.toFixed(0)} MB at most`);
    assert.ok(peak < mostMb, `${peak} MB`);
    await allWereHeard(box, sessions);
  }));

test("20 sessions with 20 calls each, and a hook of the person's at every event", () =>
  inBox(async (box) => {
    const told = listen(box);
    const port = await hearing(box);
    const sessions = Array.from({ length: 20 }, (_, n) => `h${n}`);
    await Promise.all(sessions.map((session) => send(port, eventsOf(session, box.repo, 9))));
    const lines = readFileSync(told, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.is(lines.length, 20 * 20);
    for (const session of sessions)
      assert.equal(
        lines.filter(({ session_id }) => session_id === session).map((one) => `${one.hook_event_name} ${one.tool_use_id ?? ""}`),
        namesOf(eventsOf(session, box.repo, 9)),
      );
    const sum = (one: { tools_called_this_turn: { count: number }[] }) =>
      one.tools_called_this_turn.reduce((all, { count }) => all + count, 0);
    assert.ok(lines.filter(({ hook_event_name }) => hook_event_name === "Notification").every((one) => sum(one) === 9));
    await allWereHeard(box, sessions, 9);
    assert.ok(peakMb(box) < mostMb);
  }));

test("1,000 who connect and say nothing, or half of something, keep nobody from being heard, and are hung up on", () =>
  inBox(async (box) => {
    const port = await hearing(box);
    const access = `Authorization: Bearer ${port.token}\r\n`;
    const head = `POST /copse/hooks HTTP/1.1\r\nHost: 127.0.0.1:${port.port}\r\n`;
    const half = ["", "POST /copse", head, `${head}${access}Content-Length: 1000\r\n\r\n{"hook_event_name":`];
    const sockets: Socket[] = [];
    let open = 0;
    for (let n = 0; n < 1000; n++) {
      const socket = connect(port.port, "127.0.0.1", () => socket.write(half[n % half.length] as string));
      open++;
      socket.on("error", () => {});
      socket.on("close", () => open--);
      socket.resume();
      sockets.push(socket);
    }
    await send(port, eventsOf("s", box.repo));
    // Bodies that end too early, heads that never end.
    for (const socket of sockets.filter((_, n) => n % 8 === 3)) socket.destroy();
    for (let n = 0; n < 20; n++) {
      const answer = await fetch(`http://127.0.0.1:${port.port}/copse/hooks`, { headers: { large: "x".repeat(100_000) } }).catch(
        () => undefined,
      );
      assert.ok(answer === undefined || answer.status === 431);
    }
    await send(port, eventsOf("t", box.repo));
    // Those who promised a body have a minute.
    await waitFor(() => open <= 130, "the silent to be hung up on", 40_000);
    for (const socket of sockets) socket.destroy();
    await allWereHeard(box, ["s", "t"]);
    assert.not.match(readFileSync(join(box.state, "runner", "log"), "utf8"), /hooks:|exception/i);
    assert.ok(peakMb(box) < mostMb, `${peakMb(box)} MB`);
  }));

test("1,000 sessions that have ended cost no memory that stays", () =>
  inBox(async (box) => {
    const port = await hearing(box);
    const agent = reusing();
    const whole = async (session: string) => {
      for (const one of [...eventsOf(session, box.repo, 9), event(session, "SessionEnd", { reason: "other" })])
        await post(port, one, agent);
    };
    const rssMb = async (): Promise<number> => (await box.json(["runner", "status"])).runner.rssMb;
    for (let n = 0; n < 100; n++) await whole(`first-${n}`);
    const before = await rssMb();
    for (let n = 0; n < 900; n += 10) await Promise.all(Array.from({ length: 10 }, (_, i) => whole(`s${n + i}`)));
    const after = await rssMb();
    agent.destroy();
    console.log(`${before} MB after 100 sessions, ${after} MB after 1,000; ${peakMb(box).toFixed(0)} MB at most`);
    assert.ok(peakMb(box) < mostMb);
    assert.equal((await box.json(["hooks", "show"])).sessions, []);
  }));

test.run();
