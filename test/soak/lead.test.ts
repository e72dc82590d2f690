/** Tasks that start tasks: they are known by their lead, go one level deep, and get the slot of a lead that only waits for them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isSlotLent } from "../../src/store/lending.ts";
import { listTaskDirs } from "../../src/store/tasks.ts";
import { inBox, personConfig } from "../cli/support.ts";
import { connect, type Json } from "../support/mcp-client.ts";
import { agent, builtCli, waitFor } from "../support/sandbox.ts";

const copse = `"${process.execPath}" "${builtCli}"`;

inBox("with one slot, a lead that waits for its task lends it the slot, and goes on afterwards; that task may start none", async (box) => {
  const child = `cat > /dev/null; ${copse} run -b -l grandchild "go deeper" 2> refused.txt; echo "exit $?" >> refused.txt`;
  personConfig(box, { limit: 1, agents: { child: { command: ["sh", "-c", child] } }, agent: "child" });
  const lead = `${copse} run -b -l child "do a part" && ${copse} wait child --timeout 30s && ${copse} run -b -l late "after" && echo done > lead.txt`;
  const ran = await box.copse(["run", "-l", "lead", "--exec", "--", "sh", "-c", lead]);
  assert.is(ran.code, 0, ran.stdout + ran.stderr);
  assert.is(box.git(["show", "copse/lead:lead.txt"]), "done\n");
  const { id, label, startedBy } = await box.task("lead");
  assert.is(startedBy, null);
  assert.equal((await box.task("child")).startedBy, { id, label });
  assert.match(
    box.git(["show", "copse/child:refused.txt"]),
    /^copse: child is a task that lead started, and may not start tasks of its own\n.*maxTaskDepth \(1\)\.\nexit 4\n$/,
  );
  // The slot is the lead's again: what it starts and does not wait for begins when it has ended.
  assert.is((await box.copse(["wait", "late"])).code, 0);
  const { events: ofLead } = await box.json(["show", "lead"]);
  const { task, events } = await box.json(["show", "late"]);
  const at = (all: Json[], type: string) => all.find((event) => event.type === type).at;
  assert.ok(at(events, "slot-taken") >= at(ofLead, "run-ended"), JSON.stringify(events));
  assert.is(task.startedBy.label, "lead");
});

inBox(
  "an agent whose server knows nothing but its folder is known by its worktree; it cannot wait for itself, nor stop itself",
  async (box) => {
    personConfig(box, { agents: { works: { command: [agent("works.sh")] } }, agent: "works" });
    await box.copse(["run", "-b", "-l", "lead", "--exec", "--", "sh", "-c", "sleep 300"]);
    await box.copse(["run", "-b", "-l", "beside", "--exec", "--", "sh", "-c", "sleep 300"]);
    const lead = await waitFor(async () => {
      const task = await box.task("lead");
      return task.state === "running" ? task : undefined;
    }, "the lead to run");
    const mcp = await connect(box, { cwd: lead.worktree });
    try {
      for (const tool of ["task_stop", "task_answer"])
        assert.match(
          (await mcp.refused(tool, { task: "lead", ...(tool === "task_answer" ? { text: "x" } : {}) })).message,
          /the task you work in/,
        );
      assert.match((await mcp.refused("task_wait", { tasks: ["lead"] })).message, /lead is the task you work in/);
      assert.equal(await mcp.call("task_wait"), { tasks: [], timedOut: false }, "what others started is not waited for");
      const { task } = await mcp.call("task_start", { prompt: "Do a part", label: "part" });
      assert.equal(task.startedBy, { id: lead.id, label: "lead" });
      const waited = await mcp.call("task_wait");
      assert.equal(
        waited.tasks.map((one: Json) => [one.label, one.state]),
        [["part", "completed"]],
      );
      assert.not.ok(existsSync(join(box.repo, ".worktrees", "trees", "lead", ".worktrees")), "it is made beside its lead, not inside");
      const run = join(listTaskDirs(box.state).find(({ id }) => id === lead.id)?.dir ?? "", "run1");
      const leave = new AbortController();
      const left = mcp.call("task_wait", { tasks: ["beside"], timeout: "5m" }, { signal: leave.signal }).catch(() => "left");
      await waitFor(() => isSlotLent(run), "the slot to be lent");
      leave.abort();
      assert.is(await left, "left");
      await waitFor(() => !isSlotLent(run), "the cancelled wait to have ended in the server too");
      await mcp.call("task_stop", { task: "beside" });
      assert.match((await box.copse(["show", "beside"])).stdout, /the agent of lead asked it to stop/);
    } finally {
      await mcp.close();
    }
  },
);

test.run();
