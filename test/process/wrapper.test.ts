import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { stopRun, sweepRun } from "../../src/process/stop.ts";
import { awaitClaim, fence, lookAt, type Sight, type Start, startRun } from "../../src/process/supervised.ts";
import { wrapper } from "../../src/process/wrapper.ts";
import { isAlive, processesOf } from "../../src/system/identity.ts";
import { kill, waitFor } from "../support/sandbox.ts";

const base = mkdtempSync(join(tmpdir(), "copse-wrapper-"));
let n = 0;
const start = (script: string, more: Partial<Start> = {}): Start => ({
  dir: join(base, `run${++n}`),
  file: "/bin/sh",
  args: ["-c", script],
  cwd: base,
  env: { PATH: process.env["PATH"] ?? "" },
  cookie: `wrapper-test-${process.pid}-${n}`,
  mode: "read",
  first: "",
  ...more,
});
async function toEnd(one: Start): Promise<Sight> {
  const child = await startRun(one);
  await awaitClaim(one.dir, child);
  await waitFor(() => lookAt(one.dir).is !== "alive", "the run to end");
  return lookAt(one.dir);
}

test("the claim names a live process, the exit code is there when it has gone", async () => {
  const one = start("sleep 0.3; exit 7");
  const sight = await awaitClaim(one.dir, await startRun(one));
  assert.is(sight.is, "alive");
  assert.ok(sight.is === "alive" && isAlive(sight.identity));
  await waitFor(() => lookAt(one.dir).is === "ended", "the end");
  const over = lookAt(one.dir);
  assert.ok(over.is === "ended" && over.code === 7);
  assert.is(readFileSync(join(one.dir, "exit"), "utf8"), "7\n");
  assert.not(existsSync(join(one.dir, "exit.tmp")));
});

test("of a wrapper that starts and a fence exactly one wins, 200 times", async () => {
  const outcomes = { fenced: 0, started: 0 };
  const races = Array.from({ length: 200 }, (_, i) => i);
  const lane = async () => {
    for (let i = races.pop(); i !== undefined; i = races.pop()) {
      const dir = join(base, `race${i}`);
      mkdirSync(dir);
      writeFileSync(join(dir, "first"), "");
      const child = spawn("/bin/sh", ["-c", wrapper, "sh", dir, "read", "/bin/sh", "-c", 'echo x >> "$0"', join(dir, "ran")], {
        stdio: "ignore",
      });
      const gone = new Promise((resolve) => child.once("exit", resolve));
      // A wrapper takes 2 to 15 ms to its link here; the fence falls somewhere in there.
      const until = performance.now() + Math.random() * 14;
      while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
      const won = fence(dir);
      await gone;
      const ran = existsSync(join(dir, "ran"));
      assert.is(ran, !won, `race ${i}: fence ${won}, agent ran ${ran}`);
      assert.is(lookAt(dir).is, won ? "fenced" : "ended");
      if (ran) assert.is(readFileSync(join(dir, "ran"), "utf8"), "x\n");
      outcomes[won ? "fenced" : "started"]++;
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  assert.is(outcomes.fenced + outcomes.started, 200);
  assert.ok(outcomes.fenced > 0 && outcomes.started > 0, `both must have happened: ${JSON.stringify(outcomes)}`);
});

test("a fence falls once and stays", () => {
  const dir = join(base, "fenced");
  assert.ok(fence(dir));
  assert.ok(fence(dir), "a second fence finds the first");
  assert.is(lookAt(dir).is, "fenced");
  writeFileSync(join(dir, "first"), "");
  const late = spawnSync("/bin/sh", ["-c", wrapper, "sh", dir, "read", "/bin/sh", "-c", "echo ran"]);
  assert.is(late.status, 121);
  assert.is(String(late.stdout), "");
});

test("a wrapper that is killed leaves a dead run; its agent is found by its cookie and ended", async () => {
  const one = start("sleep 60 & sleep 61");
  const sight = await awaitClaim(one.dir, await startRun(one));
  assert.is(sight.is, "alive");
  if (sight.is !== "alive") return;
  await waitFor(() => processesOf(one.cookie, null).length >= 3, "the agent");
  kill(sight.identity.pid);
  await waitFor(() => lookAt(one.dir).is === "dead", "the wrapper to be dead");
  assert.ok(processesOf(one.cookie, sight.identity).length > 0);
  assert.ok((await sweepRun(one.cookie, sight.identity)) > 0);
  assert.equal(processesOf(one.cookie, sight.identity), []);
});

test("a run that has just written its code leaves nothing to sweep", async () => {
  for (let i = 0; i < 15; i++) {
    const one = start("exit 0");
    const child = await startRun(one);
    await awaitClaim(one.dir, child);
    while (lookAt(one.dir).is === "alive") await new Promise((resolve) => setImmediate(resolve));
    const sight = lookAt(one.dir);
    assert.is(await sweepRun(one.cookie, sight.is === "ended" ? sight.identity : null), 0);
  }
});

test("the ladder: a polite program goes at SIGINT, a deaf one at SIGTERM, a stubborn one at SIGKILL", async () => {
  // Long enough for a polite one on a busy machine.
  const ladder = { intMs: 1500, termMs: 1500 };
  const cases: [string, string][] = [
    ["exec sleep 60", "SIGINT"],
    ["trap '' INT; sleep 60 & wait; sleep 60", "SIGTERM"],
    ["trap '' INT TERM; while :; do sleep 0.1; done", "SIGKILL"],
  ];
  const ended = await Promise.all(
    cases.map(async ([script]) => {
      const one = start(`${script.startsWith("trap") ? script.replace(";", "; echo ready;") : `echo ready; ${script}`}`);
      const sight = await awaitClaim(one.dir, await startRun(one));
      await waitFor(() => readFileSync(join(one.dir, "out"), "utf8").includes("ready"), "the program");
      await new Promise((resolve) => setTimeout(resolve, 100));
      const leader = sight.is === "alive" ? sight.identity : null;
      const how = await stopRun(one.cookie, leader, ladder);
      assert.equal(processesOf(one.cookie, leader), []);
      return how;
    }),
  );
  assert.equal(
    ended,
    cases.map(([, how]) => how),
  );
});

test("an empty exit file is none", async () => {
  const one = start("sleep 30");
  const sight = await awaitClaim(one.dir, await startRun(one));
  writeFileSync(join(one.dir, "exit"), "");
  assert.is(lookAt(one.dir).is, "alive");
  if (sight.is === "alive") await stopRun(one.cookie, sight.identity, { intMs: 100, termMs: 100 });
});

test("the exit code waits for room on a full disk, and is whole then", async () => {
  const mount = join(base, "tiny");
  mkdirSync(mount);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", mount]).status !== 0) {
    console.log("SKIPPED: a full disk under the exit code needs the right to mount");
    return;
  }
  try {
    const one = start(`head -c 1000000 /dev/zero > "${mount}/ballast" 2>/dev/null; exit 3`, { dir: join(mount, "run") });
    const sight = await awaitClaim(one.dir, await startRun(one));
    await waitFor(() => existsSync(join(mount, "ballast")), "the ballast");
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.is(lookAt(one.dir).is, "alive", "no room for the code: the wrapper waits");
    rmSync(join(mount, "ballast"));
    await waitFor(() => lookAt(one.dir).is === "ended", "the code once there is room");
    const over = lookAt(one.dir);
    assert.is(over.is === "ended" ? over.code : -1, 3);
    assert.ok(sight.is === "alive");
  } finally {
    spawnSync("umount", ["-l", mount]);
  }
});

test("arguments and environment reach the program as they are", async () => {
  const out = join(base, "args");
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: "grapheme", maxLength: 20 }).filter((text) => !text.includes("\0")),
        { maxLength: 4 },
      ),
      async (words) => {
        const one = start("", {
          file: process.execPath,
          args: ["-e", `require("fs").writeFileSync(${JSON.stringify(out)}, JSON.stringify(process.argv.slice(1)))`, "--", ...words],
        });
        const sight = await toEnd(one);
        assert.ok(sight.is === "ended" && sight.code === 0, JSON.stringify(sight));
        assert.equal(JSON.parse(readFileSync(out, "utf8")), words);
      },
    ),
    { numRuns: 10 },
  );
});

test.after(() => rmSync(base, { recursive: true, force: true }));
test.run();
