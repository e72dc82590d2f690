/** How long the dashboard is served and by whom: off until asked for, the runner staying for a page, the same port over runners, another program's port, and what opens the browser. */
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { kill, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { ask, enter, startUi, uiClient } from "../support/ui-client.ts";

const listens = (port: number) =>
  ask({ port, path: "/" }).then(
    () => true,
    () => false,
  );
/** What the runner has said of serving it. */
const servedBy = (box: Sandbox): string[] =>
  readFileSync(join(box.state, "runner", "log"), "utf8")
    .split("\n")
    .filter((line) => line.includes("the dashboard is at"));

test("nothing is served until somebody asks; then the runner stays for a page, and leaves when it is closed", async () => {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "3";
  try {
    await box.copse(["run", "--exec", "--", "true"]);
    assert.equal(servedBy(box), []);
    assert.not.ok(existsSync(join(box.state, "ui")));
    const { port, token } = await startUi(box);
    const pid = runnerPid(box.state);
    await new Promise((resolve) => setTimeout(resolve, 6000));
    assert.is(runnerPid(box.state), pid, "who has an address to open is waited for");
    const client = await enter(port, token);
    const stream = await client.listen();
    await new Promise((resolve) => setTimeout(resolve, 6000));
    assert.is(runnerPid(box.state), pid, "nothing happens, and it is there");
    for (const name of ["access.json", "started.json"]) assert.is(statSync(join(box.state, "ui", name)).mode & 0o777, 0o600);
    stream.close();
    await waitFor(() => runnerPid(box.state) === undefined, "it to leave");
    await waitFor(async () => !(await listens(client.port)), "the port to be closed");
    // Whatever starts the next one, whoever was let in is let in.
    await box.copse(["run", "-b", "--label", "next", "--exec", "--", "true"]);
    await waitFor(() => listens(client.port), "the same port");
    assert.ok((await client.get("/api/tasks")).tasks.length === 2);
  } finally {
    await box.close();
  }
});

test("a killed runner's page finds the next one at the same port; the stop of a person closes it for good", async () => {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  try {
    const client = await uiClient(box);
    for (let n = 0; n < 4; n++) {
      if (n % 2 === 0) kill(runnerPid(box.state) as number);
      else await box.copse(["runner", "stop"]);
      assert.not.ok(await listens(client.port));
      await box.copse(["run", "-b", "--exec", "--", "true"]);
      await waitFor(() => listens(client.port), "the next runner");
      await client.get("/api/queue");
      assert.is((await client.press({ do: "resume" })).exitCode, 0, "the key is known as well");
    }
    await box.copse(["ui", "--stop"]);
    kill(runnerPid(box.state) as number);
    await box.copse(["run", "-b", "--exec", "--", "true"]);
    await box.copse(["wait"]);
    assert.not.ok(await listens(client.port));
    // Told to stop while there is no runner.
    const { port, token } = await startUi(box);
    const again = await enter(port, token);
    kill(runnerPid(box.state) as number);
    assert.is((await box.copse(["ui", "--stop"])).code, 0);
    await box.copse(["run", "-b", "--exec", "--", "true"]);
    await box.copse(["wait"]);
    assert.not.ok(await listens(again.port));
  } finally {
    await box.close();
  }
});

test("a port can be named; another program's is refused, and without a name one is found", async () => {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  const other = createServer().listen(0, "127.0.0.1");
  await waitFor(() => other.listening, "another program");
  const taken = (other.address() as { port: number }).port;
  try {
    const refused = await box.json(["ui", "--no-open", "--port", String(taken)]);
    assert.is(refused.error.code, "PORT_TAKEN");
    assert.match(refused.error.hint, "copse ui");
    for (const wrong of ["0", "70000", "x", "1.5"]) assert.is((await box.copse(["ui", "--no-open", "--port", wrong])).code, 2, wrong);
    const first = await startUi(box);
    const wanted = first.port === 29_999 ? 29_998 : first.port + 1;
    const client = await enter(first.port, first.token);
    const moved = await startUi(box, ["--port", String(wanted)]);
    assert.is(moved.port, wanted);
    assert.not.ok(await listens(first.port));
    assert.is((await startUi(box)).port, wanted, "and stays there");
    await enter(moved.port, moved.token);
    assert.is((await ask({ port: wanted, path: "/api/queue", headers: { cookie: client.cookie } })).status, 401, "a cookie is of its port");
    // The port of the last time has become another program's.
    await box.copse(["runner", "stop"]);
    const thief = createServer().listen(wanted, "127.0.0.1");
    await waitFor(() => thief.listening, "the thief");
    const elsewhere = await startUi(box);
    assert.is.not(elsewhere.port, wanted);
    await enter(elsewhere.port, elsewhere.token);
    thief.close();
  } finally {
    other.close();
    await box.close();
  }
});

test("it opens where there is a browser, at one task's diff for diff --web; levers find the environment it was started in", async () => {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  const seen = join(box.dir, "opened");
  const browser = join(box.dir, "browser");
  writeFileSync(browser, `#!/bin/sh\nprintf '%s\\n' "$1" >> '${seen}'\n`);
  chmodSync(browser, 0o755);
  try {
    const opened = await box.copse(["ui"], { env: { BROWSER: browser, MY_WORD: "blue", COPSE_RUN: "x.1", COPSE_TASK_ID: "nobody" } });
    assert.match(opened.stdout, /^The dashboard opens in your browser\. If it does not: http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}\n/);
    const [url = ""] = readFileSync(seen, "utf8").split("\n");
    const [, port, token] = /^http:\/\/127\.0\.0\.1:(\d+)\/#token=([\w-]{43})$/.exec(url) ?? [];
    const client = await enter(Number(port), token as string);
    const script = 'echo "$MY_WORD" > word; env | grep -c "^COPSE_RUN=x" >> word; true';
    const done = await client.press({ do: "run", repo: box.repo, fields: { prompt: "", label: "env", exec: ["sh", "-c", script] } });
    assert.equal([done.exitCode, done.output.task.startedBy], [0, null]);
    await box.copse(["wait", "env"]);
    assert.is(box.git(["show", "copse/env:word"]), "blue\n0\n");
    const { id } = await box.task("env");
    assert.is((await box.copse(["diff", "env", "--web"], { env: { BROWSER: browser } })).code, 0);
    assert.match(readFileSync(seen, "utf8").split("\n")[1] ?? "", new RegExp(`#token=[\\w-]{43}&to=%2Ftask%2F${id}%2Fdiff$`));
    const none = await box.json(["ui"]);
    assert.is(none.ui.opened, false, "no screen, no browser");
    const fails = await box.copse(["ui", "--json"], { env: { BROWSER: "false" } });
    assert.is(JSON.parse(fails.stdout).ui.opened, false);
    assert.is((await box.copse(["diff", "env", "--web", "--stat"])).code, 2);
  } finally {
    await box.close();
  }
});

test.run();
