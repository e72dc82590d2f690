/** Full disks, of the state and of the repository: nothing is torn, what cannot be done is said, and all goes on by itself when there is room. Needs the right to mount. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { fill, mayMount, mount, unmountAll } from "../support/full-disk.ts";
import { type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

const disk = suite("full disk");
async function withDisks(sizes: { state?: string; repo?: string }, work: (box: Sandbox) => Promise<void>): Promise<void> {
  const box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "60";
  try {
    if (sizes.state !== undefined) assert.ok(mount(box.state, sizes.state));
    if (sizes.repo !== undefined) {
      rmSync(box.repo, { recursive: true });
      assert.ok(mount(box.repo, sizes.repo));
      box.git(["init", "-q"]);
      writeFileSync(join(box.repo, "a.txt"), "a\n");
      box.git(["add", "-A"]);
      box.git(["commit", "-q", "-m", "start"]);
    }
    await work(box);
  } finally {
    await box.copse(["runner", "stop"]);
    unmountAll();
    await box.close();
  }
}

const submit = (box: Sandbox, label: string, script: string) =>
  box.copse(["run", "-b", "-q", "-l", label, "--exec", "--", "/bin/sh", "-c", script]);
const tasksDir = (box: Sandbox) => join(box.state, "repos", readdirSync(join(box.state, "repos"))[0] as string, "tasks");
const whole = (box: Sandbox) => {
  for (const id of readdirSync(tasksDir(box))) {
    const text = readFileSync(join(tasksDir(box), id, "events.jsonl"), "utf8");
    assert.ok(text.endsWith("\n"), "a torn log");
    for (const line of text.trim().split("\n")) JSON.parse(line);
  }
};

if (!mayMount()) {
  disk("SKIPPED: nothing is shown about full disks, mounting is not permitted here", () => {
    console.log("\nSKIPPED: nothing is shown about full disks, mounting is not permitted here");
  });
} else {
  disk("a task that cannot be written is refused, and its label is free again", () =>
    withDisks({ state: "size=4m" }, async (box) => {
      assert.is((await submit(box, "first", "exit 0")).code, 0);
      await box.copse(["wait", "first"]);
      const free = fill(box.state);
      const ran = await submit(box, "full", "exit 0");
      assert.is(ran.code, 73, ran.stderr);
      assert.match(ran.stderr, /disk is full/);
      assert.is(readdirSync(tasksDir(box)).length, 1, "nothing half-made is left");
      whole(box);
      assert.is((await box.copse(["tasks"])).code, 0, "listing needs no room");
      free();
      const again = await submit(box, "full", "exit 0");
      assert.is(again.code, 0, again.stderr);
      assert.is((await box.copse(["wait", "full"])).code, 0);
    }),
  );

  disk("no inodes left: refused as well, and good again afterwards", () =>
    withDisks({ state: "size=8m,nr_inodes=200" }, async (box) => {
      assert.is((await submit(box, "first", "exit 0")).code, 0);
      await box.copse(["wait", "first"]);
      const waste = join(box.state, "waste");
      mkdirSync(waste);
      let n = 0;
      try {
        for (;;) writeFileSync(join(waste, String(n++)), "");
      } catch {}
      assert.is(Number(statfsSync(box.state).ffree), 0);
      const ran = await submit(box, "full", "exit 0");
      assert.is(ran.code, 73, ran.stderr);
      whole(box);
      rmSync(waste, { recursive: true });
      assert.is((await submit(box, "full", "exit 0")).code, 0);
      assert.is((await box.copse(["wait", "full"])).code, 0);
    }),
  );

  disk("the state's disk is full at the start, at the agent's end and in the delivery: all goes on when there is room", () =>
    withDisks({ state: "size=4m" }, async (box) => {
      Object.assign(box.env, { COPSE_LIMIT: "1", FLAGS: box.dir });
      // The first holds the only slot until it is told; the second starts on a full disk.
      const wait = 'while [ ! -e "$FLAGS/go" ]; do sleep 0.05; done; echo x > x.txt; exit 3';
      await submit(box, "ends", wait);
      await submit(box, "starts", "echo y > y.txt");
      await waitFor(async () => (await box.task("ends")).state === "running", "the first to run");
      const free = fill(box.state);
      writeFileSync(join(box.dir, "go"), "");
      // Its exit code finds no room; the runner goes on living and answering.
      await new Promise((resolve) => setTimeout(resolve, 2500));
      whole(box);
      assert.is((await box.copse(["runner", "status"])).code, 0);
      assert.is((await box.task("ends")).state, "running");
      assert.is((await box.task("starts")).state, "queued");
      free();
      await box.copse(["wait", "--timeout", "60s"]);
      const [first, second] = [await box.task("ends"), await box.task("starts")];
      assert.is(first.state, "failed");
      assert.match(first.failure.message, /code 3/);
      assert.is(box.git(["show", "copse/ends:x.txt"]), "x\n");
      assert.is(second.state, "completed");
      assert.is(second.attempt, 1, "started once");
      whole(box);
    }),
  );

  disk("the repository's disk is full at the start and in the delivery: the task waits and says so, then completes", () =>
    withDisks({ repo: "size=3m" }, async (box) => {
      Object.assign(box.env, { FLAGS: box.dir });
      await submit(box, "delivers", 'head -c 300000 /dev/urandom > big.bin; while [ ! -e "$FLAGS/go" ]; do sleep 0.05; done');
      await waitFor(async () => existsSync(join(box.repo, ".worktrees/trees/delivers/big.bin")), "its file");
      await new Promise((resolve) => setTimeout(resolve, 300));
      const free = fill(box.repo);
      writeFileSync(join(box.dir, "go"), "");
      await submit(box, "starts", "echo y > y.txt");
      const held = await waitFor(async () => {
        const task = (await box.json(["tasks"])).tasks.find((one: any) => one.label === "starts");
        return task?.waitingFor?.kind === "limit" ? task : undefined;
      }, "the second to say what it waits for").catch(async (error) => {
        throw new Error(`${error.message}: ${(await box.copse(["show", "starts", "--json"])).stdout}`);
      });
      assert.match(held.waitingFor.text, /disk/);
      await waitFor(async () => (await box.task("delivers")).state === "delivering", "the first to be in delivery");
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.is((await box.task("delivers")).state, "delivering");
      free();
      await box.copse(["wait", "--timeout", "60s"]);
      for (const label of ["delivers", "starts"]) {
        const task = await box.task(label);
        assert.is(task.state, "completed", `${label}: ${JSON.stringify(task.failure)}`);
        assert.is(task.result.outcome, "changes");
      }
      assert.is(box.git(["cat-file", "-s", "copse/delivers:big.bin"]).trim(), "300000");
      const events = readFileSync(join(tasksDir(box), (await box.task("starts")).id, "events.jsonl"), "utf8").split("\n").length;
      assert.ok(events < 40, `${events} events: waiting is not written down again and again`);
    }),
  );
}

disk.after(unmountAll);
disk.run();
