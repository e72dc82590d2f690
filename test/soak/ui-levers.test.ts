/** Every lever pressed in one world, and the command line it shows typed into a shell in another: both end alike. */
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { commandLine, commandOf, type Lever } from "../../src/web/levers.ts";
import { agent, builtCli, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { type Client, uiClient } from "../support/ui-client.ts";

interface World {
  readonly box: Sandbox;
  /** What a lever comes to: exit code, and what was printed as JSON. */
  press(lever: Lever): Promise<{ code: number; output: any }>;
  id(label: string): Promise<string>;
}

async function pressed(): Promise<World & { client: Client }> {
  const box = await sandbox();
  // No page is connected here for which the runner would stay.
  box.env["COPSE_IDLE_SECONDS"] = "600";
  const client = await uiClient(box);
  return {
    box,
    client,
    async press(lever) {
      const done = await client.press(lever);
      assert.equal(done.argv, commandOf(lever).argv, "what was shown is what was run");
      return { code: done.exitCode, output: done.output };
    },
    id: async (label) => (await box.task(label)).id,
  };
}

async function typed(): Promise<World> {
  const box = await sandbox();
  const bin = join(box.dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "copse"), `#!/bin/sh\nexec '${process.execPath}' '${builtCli}' "$@" --json\n`);
  // `--json` in front of a `--`, as it is in the lever's own command.
  writeFileSync(
    join(bin, "copse"),
    `#!/bin/bash\nout=()\njson=1\nfor word in "$@"; do\n  if [ "$word" = -- ] && [ $json = 1 ]; then out+=(--json); json=0; fi\n  out+=("$word")\ndone\n[ $json = 1 ] && out+=(--json)\nexec '${process.execPath}' '${builtCli}' "\${out[@]}"\n`,
  );
  chmodSync(join(bin, "copse"), 0o755);
  return {
    box,
    press: (lever) =>
      new Promise((resolve, reject) => {
        const child = spawn("bash", ["-c", commandLine(commandOf(lever))], {
          cwd: box.repo,
          env: { ...box.env, PATH: `${bin}:${box.env["PATH"]}` },
          stdio: ["ignore", "pipe", "ignore"],
        });
        let text = "";
        child.stdout.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        child.on("error", reject);
        child.on("close", (code) => resolve({ code: code ?? -1, output: text === "" ? null : JSON.parse(text) }));
      }),
    id: async (label) => (await box.task(label)).id,
  };
}

/** Without what is another in every world: ids, times, commits, folders. */
function alike(value: unknown, world: World, ids: ReadonlyMap<string, string>): unknown {
  let text = JSON.stringify(value) ?? "null";
  text = text.replaceAll(world.box.dir, "DIR");
  for (const [id, label] of ids) text = text.replaceAll(id, `ID:${label}`);
  text = text
    // Whether it is in line still when it is looked at is a matter of milliseconds.
    .replace(/"waitingFor":\{[^}]*\}/g, '"waitingFor":null')
    .replace(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"TIME"')
    .replace(/\d{8}T\d{6}Z/g, "TIME")
    .replace(/\b[0-9a-f]{40}\b/g, "SHA")
    .replace(/\b(?:[0-9a-f]{16}|[0-9a-f]{12}|[0-9a-f]{7})\b/g, "HASH")
    .replace(/"(?:durationMs|bytes|pid|position|lastOutputAt|mb)":[^,}\]]+/g, '"N":0');
  return inOrder(JSON.parse(text));
}

/** Folders are listed as the file system has them. */
function inOrder(value: any): any {
  if (Array.isArray(value)) return value.map(inOrder).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inOrder(inner)]));
}

test("each lever does what its command does, in every state it meets", async () => {
  const [one, two] = [await pressed(), await typed()];
  const worlds = [one, two] as const;
  const both = async (make: (id: (label: string) => string, world: World) => Lever, code = 0): Promise<void> => {
    const said: unknown[] = [];
    for (const world of worlds) {
      const { tasks } = await world.box.json(["tasks", "--all"]);
      const byLabel = new Map<string, string>(tasks.map((task: any) => [task.label, task.id]));
      const lever = make((label) => byLabel.get(label) ?? "nobody", world);
      const done = await world.press(lever);
      const after = (await world.box.json(["tasks", "--all"])).tasks;
      const ids = new Map<string, string>(after.map((task: any) => [task.id, task.label]));
      said.push(alike({ lever: { ...lever, repo: undefined }, ...done }, world, ids));
      assert.is(done.code, code, `${JSON.stringify(lever)}: ${JSON.stringify(done.output)}`);
    }
    assert.equal(said[0], said[1], JSON.stringify(said[0]).slice(0, 200));
  };
  const settled = async (label: string, state: string) => {
    for (const { box } of worlds) await waitFor(async () => (await box.task(label)).state === state, `${label} to be ${state}`);
  };
  const run = (fields: any, code = 0) => both((_id, { box }) => ({ do: "run", repo: box.repo, fields }), code);
  try {
    for (const { box } of worlds) await box.copse(["runner", "status"]);
    // A form full of everything, a prompt that looks like a flag, words a shell would act upon.
    await run({
      prompt: "--all $(touch /tmp/never) `x` 'y' \"z\"\nEND\n",
      label: "full",
      exec: ["sh", "-c", "cat > got.txt; echo x > x.txt"],
      verify: ["test -f x.txt", "echo '--json $HOME'"],
      tags: ["a b", "--tag"],
      group: "g",
      priority: 3,
      timeout: "5m",
      retries: 1,
      deliver: "report",
      notify: "off",
    });
    await settled("full", "completed");
    for (const { box } of worlds) {
      const task = await box.task("full");
      assert.is(task.verify.status, "verified");
      assert.equal([task.priority, task.group, task.tags], [3, "g", ["a b", "--tag"]]);
      assert.is(box.git(["show", `${task.branch}:got.txt`]), "--all $(touch /tmp/never) `x` 'y' \"z\"\nEND\n");
    }
    await run({ prompt: "x", label: "full2", agent: "--exec" }, 3);
    await run({ prompt: "x", label: "bad\nlabel", exec: ["true"] }, 2);
    await both((id) => ({ do: "notify", task: id("full"), policy: "always" }));
    await both(() => ({ do: "notify", task: null, policy: "off" }));
    // There is no forge in these worlds.
    await both((id) => ({ do: "pr", task: id("full"), dryRun: true }), 1);
    await both((id) => ({ do: "merge", task: id("full"), how: "squash" }));
    for (const { box } of worlds) assert.is(box.git(["show", "HEAD:x.txt"]), "x\n");

    // Asked, answered badly and well, stopped and tried again.
    await run({ prompt: "", label: "asks", exec: [agent("asks.sh")] });
    await settled("asks", "blocked");
    await both((id) => ({ do: "send", task: id("asks"), text: "  " }), 2);
    await both((id) => ({ do: "send", task: id("asks"), text: "--json" }));
    await settled("asks", "blocked");
    await both((id) => ({ do: "approve", task: id("full"), always: true }), 4);
    await both((id) => ({ do: "deny", task: id("full"), why: "-no" }), 4);
    await both((id) => ({ do: "stop", task: id("asks") }));
    await settled("asks", "stopped");
    await both((id) => ({ do: "stop", task: id("asks") }), 4);
    await both((id) => ({ do: "retry", task: id("asks") }));
    await settled("asks", "blocked");

    // The queue.
    await both(() => ({ do: "limit", limit: 1 }));
    await both(() => ({ do: "pause" }));
    await run({ prompt: "", label: "later", exec: ["true"] });
    await run({ prompt: "", label: "sooner", exec: ["true"] });
    await both((id) => ({ do: "priority", task: id("sooner"), priority: 7 }));
    await both((id) => ({ do: "priority", task: id("later"), priority: -2 }));
    for (const { box } of worlds) {
      assert.is((await box.task("sooner")).waitingFor.text, "1st in line; the queue is paused");
      assert.is((await box.json(["runner", "status"])).runner.paused, true);
      assert.is((await box.json(["runner", "status"])).runner.limit, 1);
    }
    await both(() => ({ do: "resume" }));
    await settled("later", "completed");
    for (const { box } of worlds) assert.ok((await box.task("sooner")).startedAt < (await box.task("later")).startedAt);
    await both(() => ({ do: "limit", limit: null }));
    await both((id) => ({ do: "priority", task: id("later"), priority: 1 }), 4);

    // Cleaning up: shown first, done, brought back.
    await both((_id, { box }) => ({ do: "clean", repo: box.repo, yes: false }));
    for (const { box } of worlds) assert.is((await box.task("full")).worktreeState, "present");
    await both((_id, { box }) => ({ do: "clean", repo: box.repo, yes: true }));
    for (const { box } of worlds) assert.is((await box.task("full")).worktreeState, "removed");
    await both((id) => ({ do: "restore", task: id("full") }));
    for (const { box } of worlds) assert.is((await box.task("full")).worktreeState, "present");
    await both((id) => ({ do: "rm", task: id("full") }));
    for (const { box } of worlds) assert.is((await box.task("full")).worktreeState, "removed");
    await both(() => ({ do: "clean", repo: null, yes: false }));
    const lists = await Promise.all(
      worlds.map(async ({ box }) => (await box.json(["tasks"])).tasks.map((task: any) => [task.label, task.state])),
    );
    assert.equal(lists[0]?.sort(), lists[1]?.sort());
  } finally {
    await Promise.all(worlds.map(({ box }) => box.close()));
  }
});

test("what the page reads is what the commands print", async () => {
  const { box, client } = await pressed();
  try {
    await box.copse([
      "run",
      "-b",
      "--label",
      "work",
      "--exec",
      "--",
      "sh",
      "-c",
      "echo one; echo two >&2; mkdir d; echo x > d/x.txt; printf '\\0\\1' > bin",
    ]);
    await box.copse(["wait", "work"]);
    const shown = await box.json(["show", "work"]);
    const { id } = shown.task;
    const { rev: _rev, repoId: _repo, version, ...row } = (await client.get("/api/tasks")).tasks.find((task: any) => task.id === id);
    assert.equal(row, shown.task);
    const whole = await client.get(`/api/tasks/${id}`);
    assert.equal(whole.events, shown.events);
    assert.is(version, shown.events.length);
    const text = (await box.copse(["show", "work"])).stdout;
    for (const sentence of whole.story) assert.ok(text.includes(sentence.text), sentence.text);
    for (const command of whole.next) assert.ok(text.includes(command), command);
    assert.equal(
      (await client.get(`/api/tasks/${id}/log`)).lines.map((line: any) => line.text),
      ["one"],
    );
    assert.equal(
      (await client.get(`/api/tasks/${id}/log?stream=err`)).lines.map((line: any) => line.text),
      ["two"],
    );
    const diff = await client.get(`/api/tasks/${id}/diff`);
    const printed = await box.json(["diff", "work"]);
    assert.equal(
      [diff.base, diff.to, diff.insertions, diff.deletions],
      [printed.base, printed.to, printed.diff.insertions, printed.diff.deletions],
    );
    assert.equal(
      diff.files.map(({ path, binary, status }: any) => [path, binary, status]),
      [
        ["bin", true, "added"],
        ["d/x.txt", false, "added"],
      ],
    );
    const file = await client.get(`/api/tasks/${id}/diff?base=${diff.base}&to=${diff.to}&path=d%2Fx.txt`);
    assert.is(file.patch, "@@ -0,0 +1 @@\n+x\n");
    assert.match((await client.get(`/api/tasks/${id}/report`)).report, /^# work\n/);
    const timeline = await client.get("/api/timeline");
    assert.ok(timeline.spans.some((span: any) => span.id === id && span.doing === "running" && span.run === 1 && span.to !== null));
    assert.equal(
      (await client.get("/api/form")).repositories.map((one: any) => one.repo),
      [box.repo],
    );
  } finally {
    await box.close();
  }
});

test.run();
