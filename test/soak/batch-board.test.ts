/** `copse batch` in a terminal: a live board that fits the screen, however many tasks; Ctrl-C leaves them running and says how to come back; lines in a pipe. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inBox } from "../cli/support.ts";
import { builtCli, type Sandbox, waitFor } from "../support/sandbox.ts";
import { tmux } from "../support/tmux.ts";

const node = `'${process.execPath}' '${builtCli}'`;

/** Lines that have gone off the top of the screen. */
const scrolled = (box: Sandbox): number =>
  Number(
    execFileSync("tmux", ["-S", join(box.dir, "tmux.sock"), "display-message", "-p", "#{history_size}"], {
      encoding: "utf8",
      env: box.env,
    }).trim(),
  );

function crowd(box: Sandbox, count: number, gate: string): void {
  const values = Array.from({ length: count }, (_, i) => i).join(", ");
  const script = `if [ {{n}} = 3 ]; then exit 1; fi; until test -e ${gate}; do sleep 0.1; done`;
  writeFileSync(
    join(box.repo, "many.yaml"),
    `name: many\nlimit: 2\ntasks:\n  t:\n    matrix: { n: [${values}] }\n    exec: [sh, -c, ${JSON.stringify(script)}]\n`,
  );
}

inBox(
  "120 tasks: the board stays on the screen and counts the rest; Ctrl-C leaves them running, and the same command is back at them",
  async (box) => {
    crowd(box, 120, join(box.dir, "gate"));
    const shell = tmux(box, "sh");
    try {
      await shell.say(`${node} batch many.yaml`);
      await shell.shows("120 tasks: 2 running, 118 queued");
      await shell.shows("… and 113 more: 113 queued");
      for (let i = 0; i < 8; i++) {
        const screen = shell.screen();
        assert.is(screen.split("\n").filter((line) => /^\S 120 tasks: \d/.test(line)).length, 1, screen);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      assert.is(scrolled(box), 0, "nothing has scrolled away");
      shell.press("C-c");
      await shell.shows("Left; the tasks go on: copse tasks --batch many --watch");
      assert.is(
        (await box.json(["tasks", "--batch", "many"])).tasks.filter(({ state }: any) => ["running", "queued"].includes(state)).length,
        120,
      );
      await shell.say("clear");
      // What is typed before it has cleared would be cleared as well.
      await waitFor(() => !shell.screen().includes("Left; the tasks go on"), "the screen to be cleared");
      await shell.say(`${node} batch many.yaml`);
      await shell.shows("120 left as they are");
      await shell.shows("120 tasks: 2 running, 118 queued");
      shell.press("C-c");
      await shell.shows("Left; the tasks go on");
    } finally {
      shell.close();
    }
  },
);

inBox("few tasks: a row each, to the last, with the exit code of the gravest; in a pipe a line for each change, no codes", async (box) => {
  crowd(box, 5, join(box.dir, "gate"));
  const shell = tmux(box, "sh");
  try {
    await shell.say(`${node} batch many.yaml; echo "all over: $?"`);
    await shell.shows("t-1");
    writeFileSync(join(box.dir, "gate"), "");
    await shell.shows("all over: 1");
    const screen = shell.screen();
    assert.match(screen, /✖ t-3 +failed/);
    for (const n of [0, 1, 2, 4]) assert.match(screen, new RegExp(`✔ t-${n} +completed`));
  } finally {
    shell.close();
  }
  writeFileSync(join(box.repo, "two.yaml"), 'name: two\ntasks:\n  a: { exec: ["true"] }\n  b: { exec: ["true"] }\n');
  const piped = await box.copse(["batch", "two.yaml"]);
  assert.is(piped.code, 0);
  assert.not.match(piped.stdout + piped.stderr, /[\u001b\u0007]/);
  assert.match(piped.stdout, /^[●○] a [\s\S]*^✓ a +completed/m);
});

test.run();
