/** The feed over a state folder: what is news and what is not, each event once; a page that does not read is not kept for. */
import { once } from "node:events";
import { appendFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { append } from "../../src/store/append.ts";
import { compact } from "../../src/store/heal.ts";
import { indexFile } from "../../src/store/paths.ts";
import { Feed } from "../../src/web/feed.ts";
import { History } from "../../src/web/history.ts";
import { stream } from "../../src/web/stream.ts";
import { waitFor } from "../support/sandbox.ts";
import { newTask, repoId, stateFolder } from "../support/task-made.ts";

const slots = () => ({ limit: 3, configuredLimit: 3, paused: false, running: 0 });
const heard = (texts: readonly string[]) =>
  texts.map((text) => ({
    id: /^id: (.*)$/m.exec(text)?.[1],
    event: /^event: (.*)$/m.exec(text)?.[1],
    data: JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "null"),
  }));

const noted = (state: string, id: string, text: string) => append(state, repoId, id, 0, () => [{ type: "noted", text }]);

test("what is there already is no news; what comes is, each event once, a row after its events", async () => {
  const { state, remove } = stateFolder();
  const old = newTask(state, "old");
  const feed = new Feed(state, 7, slots, (line) => assert.unreachable(line));
  const said: string[] = [];
  const end = feed.listen((text) => said.push(text), "");
  try {
    assert.equal(
      heard(said).map(({ event, data }) => [event, data]),
      [["reset", { epoch: 7, versions: { [old.id]: 1 } }]],
    );
    said.length = 0;
    feed.refresh();
    assert.equal(said, []);
    await noted(state, old.id, "one");
    await noted(state, old.id, "two");
    const fresh = newTask(state, "fresh");
    feed.refresh();
    // It also looks by itself, so they may have come in several messages.
    const all = heard(said);
    const of = (event: string, id: string) => all.filter((one) => one.event === event && (one.data.id as string) === id);
    const events = (id: string) => of("events", id).flatMap(({ data }) => data.events.map(({ seq, type }: any) => `${seq} ${type}`));
    assert.equal(events(old.id), ["2 noted", "3 noted"]);
    assert.equal(
      of("events", old.id).flatMap(({ data }) => data.story.map(({ seq, text }: any) => `${seq} ${text}`)),
      ["2 note: one", "3 note: two"],
    );
    assert.equal(events(fresh.id), ["1 added"]);
    for (const task of [old, fresh]) {
      const rows = of("task", task.id);
      assert.is(rows.at(-1)?.data.version, task === old ? 3 : 1);
      assert.ok(all.indexOf(rows[0] as never) > all.indexOf(of("events", task.id)[0] as never), "a row after its events");
      for (const { id, data } of rows) assert.is(id, `7-${data.rev}`);
    }
  } finally {
    end();
    remove();
  }
});

test("an index that is rewritten, damaged or late brings nothing twice", async () => {
  const { state, remove } = stateFolder();
  const tasks = [newTask(state, "a"), newTask(state, "b")];
  const troubles: string[] = [];
  const feed = new Feed(state, 1, slots, (line) => troubles.push(line));
  const said: string[] = [];
  const end = feed.listen((text) => said.push(text), "");
  const [a, b] = tasks as [(typeof tasks)[0], (typeof tasks)[0]];
  try {
    for (let n = 0; n < 20; n++) {
      await noted(state, n % 2 === 0 ? a.id : b.id, `n${n}`);
      if (n % 5 === 4) compact(state);
      if (n % 7 === 6) appendFileSync(indexFile(state), `garbage\n${a.id}\t${repoId}\tqueued\t\t5\t{"id":"${a.id}"}\n`);
      if (n % 3 === 2) feed.refresh();
    }
    appendFileSync(indexFile(state), "torn");
    feed.refresh();
    for (const task of tasks) {
      const seqs = heard(said)
        .filter(({ event, data }) => event === "events" && data.id === task.id)
        .flatMap(({ data }) => data.events.map(({ seq }: any) => seq));
      assert.equal(
        seqs,
        Array.from({ length: 10 }, (_, i) => i + 2),
        task.label,
      );
      assert.is(feed.row(task.id)?.version, 11);
    }
    assert.equal(troubles, []);
  } finally {
    end();
    remove();
  }
});

test("the history gives what came behind an id, or says that it does not know", () => {
  const history = new History(3);
  assert.equal(history.since("3-0"), []);
  const texts = Array.from({ length: 6000 }, (_, n) => history.add("task", n));
  assert.equal(history.since("3-6000"), []);
  assert.equal(history.since("3-5998"), texts.slice(-2));
  assert.is(history.since("3-1"), undefined, "too long ago");
  for (const id of ["", "3", "2-5", "4-5", "3-6001", "3-x", "3--1", "x-1", "3-1-1"]) assert.is(history.since(id), undefined, id);
  const large = new History(1);
  for (let n = 0; n < 20; n++) large.add("task", "x".repeat(1024 * 1024));
  assert.is(large.since("1-15"), undefined, "bounded by its bytes as well");
  assert.is(large.since("1-18")?.length, 2);
});

test("a page that does not read is not kept for, and begins anew when it reads again", async () => {
  const listeners = new Set<(text: string) => void>();
  let waiting = 0;
  const feed = {
    reset: () => "event: reset\ndata: {}\n\n",
    listen(listener: (text: string) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Feed;
  const server = createServer((asked, answer) => {
    stream(asked, answer, feed, "", () => true);
    const look = setInterval(() => {
      waiting = Math.max(waiting, answer.writableLength);
    }, 1);
    answer.on("close", () => clearInterval(look));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const asked = request({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, path: "/" }).end();
  const [answer] = (await once(asked, "response")) as [import("node:http").IncomingMessage];
  answer.pause();
  const text = `event: task\ndata: ${"x".repeat(64 * 1024)}\n\n`;
  for (let n = 0; n < 1000; n++) {
    for (const listener of listeners) listener(text);
    if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.ok(waiting > 512 * 1024 && waiting < 2 * 1024 * 1024, `${waiting} bytes were kept of 64 MB`);
  let read = "";
  answer.setEncoding("utf8");
  answer.on("data", (chunk: string) => {
    read = (read + chunk).slice(-200);
  });
  answer.resume();
  await waitFor(() => read.endsWith("event: reset\ndata: {}\n\n"), "a new beginning behind what it had been sent");
  for (const listener of listeners) listener("event: task\ndata: 1\n\n");
  await waitFor(() => read.endsWith("data: 1\n\n"), "and then what happens");
  asked.destroy();
  await waitFor(() => listeners.size === 0, "the listener to be gone");
  server.closeAllConnections();
  server.close();
});

test.run();
