import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { epochHolder, holdsEpoch, takeEpoch } from "../../src/store/epoch.ts";
import { bundled } from "../support/bundled.ts";

const base = mkdtempSync(join(tmpdir(), "copse-epoch-"));
const who = (pid: number) => ({ pid, start: String(pid), boot: "b" });

test("the lead is taken from the dead, never from the living", () => {
  const dir = join(base, "plain");
  assert.equal(
    takeEpoch(dir, who(1), () => true),
    { held: true, epoch: 1 },
  );
  assert.equal(
    takeEpoch(dir, who(2), () => true),
    { held: false, by: who(1) },
  );
  assert.equal(
    takeEpoch(dir, who(3), () => false),
    { held: true, epoch: 2 },
  );
  assert.not(holdsEpoch(dir, 1));
  assert.ok(holdsEpoch(dir, 2));
  assert.equal(epochHolder(dir), who(3));
  assert.equal(readdirSync(dir), ["000000000002"]);
});

test("an empty or torn file of a holder counts as dead; a folder that is gone is nobody's", () => {
  const dir = join(base, "torn");
  mkdirSync(dir);
  writeFileSync(join(dir, "000000000004"), '{"pid":');
  assert.equal(
    takeEpoch(dir, who(1), () => true),
    { held: true, epoch: 5 },
  );
  rmSync(dir, { recursive: true });
  assert.not(holdsEpoch(dir, 5));
});

/**
 * The protocol as a machine of single steps, explored to the end: contenders that list, look, link, look again, remove, and may die or come back at any step.
 * `secondLook: false` is the protocol without its last check: the model must find two holders there, or it could not find them here.
 */
function explore(secondLook: boolean, contenders: number, deaths: number): { states: number; worst: number } {
  type Proc = { at: "list" | "link" | "check" | "clean" | "holds" | "out" | "dead"; top: number; mine: number; life: number };
  type World = { files: [number, number][]; procs: Proc[]; deaths: number };
  const start: World = { files: [], procs: Array.from({ length: contenders }, () => ({ at: "list", top: 0, mine: 0, life: 0 })), deaths };
  const seen = new Set<string>();
  const todo: World[] = [start];
  let worst = 0;
  // A file names contender * 100 + life; a process that came back is another one.
  const name = (i: number, proc: Proc) => i * 100 + proc.life;
  while (todo.length > 0) {
    const world = todo.pop() as World;
    const key = JSON.stringify(world);
    if (seen.has(key)) continue;
    seen.add(key);
    const alive = (owner: number) => {
      const proc = world.procs[Math.floor(owner / 100)] as Proc;
      return proc.life === owner % 100 && proc.at !== "dead" && proc.at !== "out";
    };
    worst = Math.max(worst, world.procs.filter((proc) => proc.at === "holds" || proc.at === "clean").length);
    world.procs.forEach((proc, i) => {
      const go = (change: Partial<Proc>, files = world.files, left = world.deaths) => {
        todo.push({
          files: [...files].sort((a, b) => a[0] - b[0]),
          procs: world.procs.map((one, j) => (j === i ? { ...one, ...change } : one)),
          deaths: left,
        });
      };
      const top = world.files.at(-1);
      if (proc.at === "list") {
        if (top && alive(top[1])) go({ at: "out" });
        else go({ at: "link", top: top?.[0] ?? 0 });
      } else if (proc.at === "link") {
        if (world.files.some(([number]) => number === proc.top + 1)) go({ at: "list" });
        else go({ at: "check", mine: proc.top + 1 }, [...world.files, [proc.top + 1, name(i, proc)]]);
      } else if (proc.at === "check") {
        if (secondLook && top?.[0] !== proc.mine)
          go(
            { at: "list" },
            world.files.filter(([number]) => number !== proc.mine),
          );
        else go({ at: "clean" });
      } else if (proc.at === "clean") {
        go(
          { at: "holds" },
          world.files.filter(([number]) => number >= proc.mine),
        );
      }
      if (proc.at !== "out" && proc.at !== "dead" && world.deaths > 0) go({ at: "dead" }, world.files, world.deaths - 1);
      if (proc.at === "dead") go({ at: "list", life: proc.life + 1, top: 0, mine: 0 });
    });
  }
  return { states: seen.size, worst };
}

test("in every order of steps and deaths there is one holder at most; without the second look there are two", () => {
  const { states, worst } = explore(true, 3, 2);
  assert.is(worst, 1);
  assert.ok(states > 5000, `${states} states`);
  assert.ok(explore(false, 3, 2).worst > 1, "the model sees what the second look is for");
});

test("of twelve real processes at once one has the lead, ten times over a dead holder", async () => {
  const file = await bundled("test/support/contender.ts");
  for (let round = 0; round < 10; round++) {
    const dir = join(base, `race${round}`);
    takeEpoch(dir, who(999_999), () => true);
    if (round === 0) pool = await Promise.all(Array.from({ length: 12 }, () => contender(file)));
    const said = await Promise.all(pool.map((one) => one.take(dir)));
    assert.is(said.filter((word) => word === "held").length, 1, `round ${round}: ${said}`);
  }
  for (const one of pool) one.end();
});

let pool: { take: (dir: string) => Promise<string>; end: () => void }[] = [];

/** A process that takes the lead of a folder when it is told to, and goes on living. */
async function contender(file: string) {
  const child = spawn(process.execPath, [file], { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  const waiting: ((word: string) => void)[] = [];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      waiting.shift()?.(text.slice(0, end));
      text = text.slice(end + 1);
    }
  });
  const word = () => new Promise<string>((resolve) => waiting.push(resolve));
  await word();
  return {
    take(dir: string) {
      const said = word();
      child.stdin.write(`${dir}\n`);
      return said;
    },
    end: () => child.stdin.end(),
  };
}

test.after(() => rmSync(base, { recursive: true, force: true }));
test.run();
