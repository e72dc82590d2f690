/** Campaigns killed with -9, before and after everything they write down and at any other time: the same command goes on, no check that had finished is made again, and the end is that of one left alone. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { findRepository } from "../../src/git/repository.ts";
import { depsDir } from "../../src/store/paths.ts";
import { processesOf, root, type Sandbox, sandbox } from "../support/sandbox.ts";

const names = ["a", "b", "c"];
/** Fails with b; writes down that it has begun and that it has ended. Nobody else waits behind it. */
const check = `k=$(sed -n 's/ 2$//p' lock | tr -d '\\n'); echo ".$k" >> "$BEGUN"; sleep 0.1
r=0; case $k in *b*) r=3; echo "not ok $k";; esac
[ "$(cat packages.d/installed)" = "$(cat packages)" ] || { r=9; echo "$k is not installed" >> "$BEGUN.wrong"; }
echo ".$k" >> "$ENDED"; exit $r`;

interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: any;
  readonly stderr: string;
}

interface World {
  readonly box: Sandbox;
  /** Makes the campaign, or goes on with it. */
  go(crashAt?: string, killAfterMs?: number): Promise<Ran>;
  /** How often each check came to its end. */
  ended(): Map<string, number>;
  reset(): void;
  /** All that must hold when a campaign has ended. */
  assertEnd(ran: Ran, what: string): void;
}

async function world(): Promise<World> {
  const text = names.map((name) => `${name} 1\n`).join("");
  const box = await sandbox({ packages: text, lock: text, ".gitignore": "packages.d\n" });
  const files = { BEGUN: join(box.dir, "begun"), ENDED: join(box.dir, "ended") };
  const base = box.git(["rev-parse", "HEAD"]).trim();
  const campaigns = depsDir(box.state, findRepository(box.repo).id);
  // A start through tsx would take longer than the campaign.
  const program = join(box.dir, "campaign.mjs");
  const banner = { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' };
  const entryPoints = [join(root, "test", "support", "plain-campaign.ts")];
  buildSync({
    entryPoints,
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    banner,
    logLevel: "warning",
  });
  const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []);
  return {
    box,
    go: (crashAt, killAfterMs) =>
      new Promise((resolve) => {
        const env = {
          ...box.env,
          ...files,
          CAMPAIGN: JSON.stringify({ repo: box.repo, state: box.state, base, names, check, limit: 3 }),
          ...(crashAt === undefined ? {} : { COPSE_CRASH_AT: crashAt }),
        };
        const child = execFile(process.execPath, [program], { cwd: root, env }, (error, stdout, stderr) => {
          clearTimeout(timer);
          resolve({
            code: error === null ? 0 : (child.exitCode ?? null),
            signal: child.signalCode,
            said: stdout === "" ? null : JSON.parse(stdout),
            stderr,
          });
        });
        const timer = setTimeout(() => child.kill("SIGKILL"), killAfterMs ?? 2 ** 30);
      }),
    ended() {
      const counts = new Map<string, number>();
      for (const line of linesOf(files.ENDED)) counts.set(line, (counts.get(line) ?? 0) + 1);
      return counts;
    },
    reset() {
      for (const file of [...Object.values(files), campaigns]) rmSync(file, { recursive: true, force: true });
      for (const branch of box.git(["branch", "--format=%(refname:short)", "--list", "copse/*"]).split("\n").filter(Boolean))
        box.git(["branch", "-q", "-D", branch]);
    },
    assertEnd({ code, said, stderr }, what) {
      assert.is(code, 0, `${what}: ${stderr}`);
      assert.equal(said.kept, ["a", "c"], what);
      assert.is(said.number, 1, `${what}: it was gone on with`);
      assert.is(box.git(["show", `${said.branch}:lock`]), "a 2\nb 1\nc 2\n", what);
      assert.equal(box.git(["branch", "--format=%(refname:short)", "--list", "copse/*"]).trim(), said.branch, `${what}: one branch`);
      assert.is(box.git(["worktree", "list", "--porcelain"]).match(/^worktree /gm)?.length, 1, `${what}: no worktree is left`);
      assert.not.ok(existsSync(join(campaigns, "1", "trees")), `${what}: no place is left`);
      assert.equal(processesOf(box.dir), [], `${what}: no process is left`);
      const facts = linesOf(join(campaigns, "1", "journal.jsonl")).map((line) => JSON.parse(line));
      const last = facts
        .filter(({ type, set }) => type === "checked" && set.map((i: number) => names[i]).join("") === said.kept.join(""))
        .at(-1);
      const { whole } = facts.find(({ type, run }) => type === "checking" && run === last.run);
      assert.equal([last.outcome.ok, whole], [true, true], `${what}: what is kept was checked from nothing`);
      assert.equal(linesOf(`${files.BEGUN}.wrong`), [], `${what}: what was checked was what was installed`);
    },
  };
}

const inside = async (work: (one: World) => Promise<void>): Promise<void> => {
  const one = await world();
  try {
    await work(one);
  } finally {
    await one.box.close();
  }
};

test("killed before and after each fact of the journal: what had ended is not made again, the end is the same", () =>
  inside(async (one) => {
    const alone = await one.go();
    one.assertEnd(alone, "left alone");
    const usual = one.ended();
    const facts =
      readFileSync(join(depsDir(one.box.state, findRepository(one.box.repo).id), "1", "journal.jsonl"), "utf8").split("\n").length - 1;
    assert.ok(facts > 15, `${facts} facts`);
    console.log(`  ${facts} facts`);
    let killed = 0;
    for (const point of ["deps-fact", "deps-before-fact"]) {
      // Before a fact is after the one before, but for the moment of writing: every fifth will do.
      for (let n = 1; n <= facts; n += point === "deps-fact" ? 1 : 5) {
        one.reset();
        const what = `${point} ${n}`;
        const first = await one.go(`${point}:${n}`);
        if (first.signal === "SIGKILL") killed++;
        // Behind the last fact there is nothing to go on with, and one that ran otherwise may have fewer of them.
        const isOver = first.signal === null || (point === "deps-fact" && readsEnded(one));
        const last = isOver ? first : await one.go();
        if (!isOver) {
          one.assertEnd(last, what);
          assert.is(last.said.resumed, !(point === "deps-before-fact" && n === 1), what);
          assert.equal(last.said.why, alone.said.why, what);
        }
        assertOnce(one.ended(), usual, what);
      }
    }
    assert.ok(killed > facts, `${killed} killed`);
  }));

test("killed again and again at any time: it comes to the same end, and nothing that had ended is made again", () =>
  inside(async (one) => {
    one.assertEnd(await one.go(), "left alone");
    const usual = one.ended();
    let killed = 0;
    for (let round = 0; round < 3; round++) {
      one.reset();
      let ran: Ran;
      let patience = 15;
      do {
        // A start alone takes half a second and more; later ones are given longer, so that it ends on a slow machine as well.
        ran = await one.go(undefined, patience-- > 0 ? 200 + Math.random() * 100 * (20 - patience) : undefined);
        if (ran.signal === "SIGKILL") killed++;
      } while (ran.signal === "SIGKILL");
      one.assertEnd(ran, `round ${round}`);
      assertOnce(one.ended(), usual, `round ${round}`);
    }
    assert.ok(killed >= 3, `${killed} killed`);
    console.log(`  ${killed} times`);
  }));

function readsEnded({ box }: World): boolean {
  const dir = join(depsDir(box.state, findRepository(box.repo).id), "1");
  return readdirSync(dir).includes("journal.jsonl") && readFileSync(join(dir, "journal.jsonl"), "utf8").includes('"type":"ended"');
}

/** No oftener than where nothing was killed. */
function assertOnce(ended: ReadonlyMap<string, number>, usual: ReadonlyMap<string, number>, what: string): void {
  for (const [key, count] of ended) assert.ok(count <= Math.max(1, usual.get(key) ?? 1), `${what}: ${key} came to its end ${count} times`);
}

test.run();
