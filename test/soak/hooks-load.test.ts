/** A hundred sessions with a hundred events each, at once: none is lost or counted twice, and the runner stays small. Then a thousand sessions that have ended. */
import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { event, hearing, post, reusing } from "../support/hook-client.ts";
import { allWereHeard, eventsOf, inBox, mostMb, namesOf, peakMb, send } from "../support/hook-crowd.ts";
import { listen } from "../support/hook-play.ts";

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
