/** Who is the runner: many commands at once, a runner that leaves, versions older and newer, and talk that is none. */
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Answer, Ask } from "../../src/core/protocol.ts";
import { version } from "../../src/version.ts";
import { builtCli, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { raceToStart, runnersOf } from "../support/start-race.ts";

async function inBox(work: (box: Sandbox) => Promise<void>): Promise<void> {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "60";
  try {
    await work(box);
  } finally {
    await box.close();
  }
}

const submit = (box: Sandbox, label: string, script = "exit 0") =>
  box.copse(["run", "-b", "-q", "-l", label, "--exec", "--", "/bin/sh", "-c", script]);

/** A runner of another version, as far as a client can tell. The real one's folder must exist. */
async function fakeRunner(
  box: Sandbox,
  answer: (ask: Ask, server: Server) => Answer | undefined,
): Promise<{ asked: Ask[]; close: () => void }> {
  const asked: Ask[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\n").filter((one) => one !== "")) {
        const ask = JSON.parse(line) as Ask;
        asked.push(ask);
        const said = answer(ask, server);
        if (said) socket.write(`${JSON.stringify(said)}\n`);
        else socket.destroy();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(join(box.state, "runner", "s"), resolve));
  // A test that fails leaves it open.
  server.unref();
  return { asked, close: () => server.close() };
}

/** Speaks to the real runner as a client of any version. */
function talk(box: Sandbox, lines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(join(box.state, "runner", "s"), () => socket.write(lines.map((line) => `${line}\n`).join("")));
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.split("\n").length > lines.length) socket.end();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
const hello = (more: object) => ({ hello: { proto: 1, version, epoch: 1, pid: 1, node: "v20", ...more } }) as Answer;

test("twenty commands at once, ten times over the leavings of a killed runner: one runner, all served", async () => {
  const { problems, served } = await raceToStart(10);
  assert.equal(problems, []);
  assert.is(served, 200);
});

test("a runner that asks for more than we know is a newer one: nothing is started, nothing is lost", () =>
  inBox(async (box) => {
    await submit(box, "first");
    await box.copse(["wait", "first"]);
    await box.copse(["runner", "stop"]);
    const fake = await fakeRunner(box, (ask) => (ask.do === "hello" ? hello({ proto: 2, version: "99.0.0" }) : { error: "?" }));
    const ran = await submit(box, "second");
    assert.is(ran.code, 75);
    assert.match(ran.stderr, /newer runner \(99\.0\.0\)/);
    assert.match(ran.stderr, /Update/);
    assert.equal(
      fake.asked.map((ask) => ask.do),
      ["hello"],
      "it is not asked to leave",
    );
    assert.equal(runnersOf(box.dir), []);
    fake.close();
    assert.is((await box.copse(["wait", "second"])).code, 0, "the task was on disk already");
  }));

test("a newer runner that speaks as we do is used as it is", () =>
  inBox(async (box) => {
    await submit(box, "first");
    await box.copse(["wait", "first"]);
    await box.copse(["runner", "stop"]);
    const fake = await fakeRunner(box, (ask) => (ask.do === "hello" ? hello({ version: "99.0.0" }) : { poked: true }));
    assert.is((await submit(box, "second")).code, 0);
    assert.equal(
      fake.asked.map((ask) => ask.do),
      ["hello", "poke"],
    );
    assert.equal(runnersOf(box.dir), []);
    fake.close();
  }));

test("an older runner is asked to make room, and the task goes to the new one", () =>
  inBox(async (box) => {
    await submit(box, "first");
    await box.copse(["wait", "first"]);
    await box.copse(["runner", "stop"]);
    const fake = await fakeRunner(box, (ask, server) => {
      if (ask.do === "hello") return hello({ version: "0.0.1" });
      server.close();
      return { leaving: true };
    });
    assert.is((await submit(box, "second")).code, 0);
    assert.equal(fake.asked.at(-1), { do: "leave", handover: version });
    assert.is((await box.copse(["wait", "second"])).code, 0);
  }));

test("a newer client has the runner hand over while runs go on; an older one has not", () =>
  inBox(async (box) => {
    await submit(box, "long", "while [ ! -e go ]; do sleep 0.05; done; echo x > x.txt; exit 0");
    const task = await waitFor(async () => {
      const seen = await box.task("long");
      return seen.state === "running" ? seen : undefined;
    }, "the run");
    const before = runnerPid(box.state);
    assert.match(await talk(box, ['{"do":"leave","handover":"0.0.1"}']), /"leaving":false/);
    assert.is(runnerPid(box.state), before);
    assert.match(await talk(box, ['{"do":"leave","handover":"99.0.0"}']), /"leaving":true/);
    await waitFor(() => runnerPid(box.state) === undefined, "the runner to have left");
    writeFileSync(join(task.worktree, "go"), "");
    assert.is((await box.copse(["wait", "long"])).code, 0);
    const after = await box.task("long");
    assert.is(after.attempt, 1);
    assert.is(after.result.diff.files, 2);
  }));

test("a runner that leaves between hello and poke is no error for the command", () =>
  inBox(async (box) => {
    await submit(box, "first");
    await box.copse(["wait", "first"]);
    await box.copse(["runner", "stop"]);
    let talks = 0;
    const fake = await fakeRunner(box, (ask, server) => {
      if (ask.do === "hello" && talks++ > 0) return hello({});
      if (talks > 1) server.close();
      return undefined;
    });
    const ran = await submit(box, "second");
    assert.is(ran.code, 0, ran.stderr);
    assert.ok(talks >= 2);
    fake.close();
    assert.is((await box.copse(["wait", "second"])).code, 0);
  }));

test("talk that is none is refused and harms nobody", () =>
  inBox(async (box) => {
    await submit(box, "first", "sleep 2");
    for (const line of [
      "garbage",
      "null",
      "[]",
      '{"do":7}',
      '{"do":"fly"}',
      '{"do":"poke","repoId":"../../x","id":"y"}',
      '{"do":"poke"}',
      `"${"x".repeat(100_000)}"`,
    ])
      assert.match(await talk(box, [line]), /error/, line.slice(0, 40));
    const idle = connect(join(box.state, "runner", "s"));
    idle.write('{"do":"hel');
    assert.match(await talk(box, ['{"do":"status"}']), /"status"/);
    idle.destroy();
    const log = readFileSync(join(box.state, "runner", "log"), "utf8");
    assert.not.match(log, /uncaught|unhandled/);
    assert.is((await box.copse(["wait", "first"])).code, 0);
  }));

test("a command that an agent runs starts a runner that is no part of the agent's run", () =>
  inBox(async (box) => {
    await submit(
      box,
      "outer",
      `while [ ! -e go ]; do sleep 0.05; done; COPSE_STATE_DIR='${box.state}' '${process.execPath}' '${builtCli}' run -b -l inner --exec -- /bin/sh -c 'exit 0'`,
    );
    const { worktree } = await waitFor(async () => {
      const seen = await box.task("outer");
      return seen.state === "running" ? seen : undefined;
    }, "the run");
    const first = runnerPid(box.state);
    process.kill(first as number, "SIGKILL");
    writeFileSync(join(worktree, "go"), "");
    await waitFor(() => runnerPid(box.state) !== undefined && runnerPid(box.state) !== first, "the agent's command to start a runner");
    assert.is((await box.copse(["wait", "outer", "inner"])).code, 0);
    const environ = readFileSync(`/proc/${runnerPid(box.state)}/environ`, "latin1");
    assert.not.match(environ, /COPSE_RUN=/);
  }));

test.run();
