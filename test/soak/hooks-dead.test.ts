/** Hook events while no runner is up: the script that stands guard keeps them, starts the next runner, and what is told afterwards is right. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { event, hearing, hook } from "../support/hook-client.ts";
import { listen, play } from "../support/hook-play.ts";
import { ended, kill, root, runnerPid, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

let box: Sandbox;
test.before(async () => {
  box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
});
test.after(() => box.close());

const hooksDir = () => join(box.state, "hooks");
const missed = () => readdirSync(join(hooksDir(), "missed"));
const guard = (session: string) => hook("sh", [join(hooksDir(), "guard.sh")], event(session, "UserPromptSubmit"), box.env);
const kept = async (session: string): Promise<string[]> =>
  (await box.copse(["hooks", "log", "--json", "--session", session])).stdout
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => JSON.parse(line).event?.hook_event_name ?? []);

async function killRunner(): Promise<number> {
  const pid = await waitFor(() => runnerPid(box.state), "a runner");
  kill(pid);
  await waitFor(() => runnerPid(box.state) === undefined, "it to be gone");
  return pid;
}

test("killed in the middle of a turn, the runner comes back by itself, and the person's hook is told right numbers again", async () => {
  const told = listen(box);
  await hearing(box);
  for (const killBefore of [10, 29]) {
    const refused = await play(box, told, { name: "fast", killBefore, wait: true });
    assert.ok(refused > 0, "events came while nobody listened");
  }
});

test("several scripts at once, and while the runner is starting: nothing is lost, one runner comes", async () => {
  await hearing(box);
  await killRunner();
  const codes = await Promise.all(Array.from({ length: 6 }, (_, n) => guard(`crowd-${n}`)));
  assert.equal(codes, [0, 0, 0, 0, 0, 0]);
  await waitFor(() => runnerPid(box.state) !== undefined && missed().length === 0, "the kept events to be taken in");
  for (let n = 0; n < 6; n++) assert.equal(await kept(`crowd-${n}`), ["UserPromptSubmit"]);
});

test("stopped by a person, the runner is started by no hook, only by a command that needs one; a killed one comes back as ever", async () => {
  await hearing(box);
  const agent = spawn("sleep", ["600"], { env: box.env });
  const start = (session: string) =>
    box.copse(["hooks", "start"], {
      input: event(session, "SessionStart", { source: "startup", cwd: box.repo }),
      env: { CLAUDE_PID: String(agent.pid) },
    });
  await start("stays");
  const stop = await box.copse(["runner", "stop"]);
  assert.match(stop.stdout, /^The runner has left\. .*\n1 session with Copse's hooks goes on without: /);
  assert.is(await guard("stays"), 0);
  assert.is((await box.copse(["hooks", "wake"])).code, 0);
  await start("comes");
  const until = Date.now() + 2000;
  while (Date.now() < until) {
    assert.is(runnerPid(box.state), undefined, "nobody starts one");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.is(missed().length, 1, "what happens is kept");
  const status = await box.copse(["runner", "status"]);
  assert.match(status.stdout, /^No runner is up: it was stopped \d+ s ago\. .*\n2 sessions with Copse's hooks go on without/);
  assert.is((await box.copse(["runner", "stop"])).stdout.split("\n")[0], "No runner is up.");
  // A runner that a hook had begun to start just before.
  const log = readFileSync(join(box.state, "runner", "log"), "utf8");
  const late = spawn(process.execPath, [join(root, "dist", "runner.cjs")], { env: box.env, stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  late.stdout.on("data", (chunk) => (said += chunk));
  await ended(late);
  assert.equal([late.exitCode, said.slice(25)], [0, "does not start: a person has stopped the runner\n"]);
  assert.is((await box.copse(["run", "-b", "--exec", "--", "true"])).code, 0);
  await waitFor(() => runnerPid(box.state) !== undefined && missed().length === 0, "the kept events to be taken in");
  assert.equal(await kept("stays"), ["SessionStart", "UserPromptSubmit"]);
  assert.not.match(readFileSync(join(box.state, "runner", "log"), "utf8").slice(log.length), "does not start");
  await killRunner();
  assert.is(await guard("stays"), 0);
  const file = () => join(hooksDir(), "runner");
  const stands = () => existsSync(file()) && readFileSync(file(), "utf8").split(" ")[0] === String(runnerPid(box.state));
  await waitFor(() => missed().length === 0 && stands(), "the next runner to hear hooks");
  kill(agent.pid as number);
  await ended(agent);
});

test("a process that got the dead runner's number is no runner; a runner that is up keeps its events to itself", async () => {
  await hearing(box);
  assert.is(await guard("up"), 0);
  assert.equal([missed(), await kept("up")], [[], []]);
  const pid = await killRunner();
  const file = join(hooksDir(), "runner");
  assert.match(readFileSync(file, "utf8"), new RegExp(`^${pid} \\d+\n$`));
  const other = spawn("sleep", ["60"], { env: box.env });
  writeFileSync(file, readFileSync(file, "utf8").replace(String(pid), String(other.pid)));
  assert.is(await guard("reused"), 0);
  await waitFor(async () => (await kept("reused")).length === 1, "the event to be taken in by the next runner");
  kill(other.pid as number);
  await ended(other);
});

test("no room or no folder for an event: the script is quiet, leaves nothing half, and makes no state folder anew", async () => {
  await hearing(box);
  await killRunner();
  const dir = join(hooksDir(), "missed");
  const script = join(hooksDir(), "guard.sh");
  const run = () =>
    new Promise<{ code: number | null; said: string }>((resolve) => {
      const child = spawn("sh", ["-c", `ulimit -f 0; exec sh ${script}`], { env: { ...box.env, COPSE_IDLE_SECONDS: "1" } });
      let said = "";
      child.stdout.on("data", (chunk) => (said += chunk));
      child.stderr.on("data", (chunk) => (said += chunk));
      child.stdin.on("error", () => {});
      child.stdin.end(event("full", "UserPromptSubmit"));
      child.on("close", (code) => resolve({ code, said }));
    });
  // A file of no bytes is all that may be written, as on a full disk.
  assert.equal(await run(), { code: 0, said: "" });
  await waitFor(() => readdirSync(dir).length === 0, "nothing half to be left");
  const away = `${dir}-away`;
  renameSync(dir, away);
  assert.equal(await run(), { code: 0, said: "" });
  assert.not.ok(existsSync(dir));
  renameSync(away, dir);
});

test.run();
