/** Whether the work of a branch has arrived: what is found, and above all what is not. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { landed } from "../../src/git/landed.ts";
import { type Place, place } from "../support/worlds.ts";

const head = (world: Place): string => world.git(["rev-parse", "HEAD"]).trim();

let made = 0;

function commit(world: Place, files: Readonly<Record<string, string | null>>, text = `work ${made++}`): string {
  for (const [name, content] of Object.entries(files))
    if (content === null) rmSync(join(world.repo, name));
    else writeFileSync(join(world.repo, name), content);
  world.git(["add", "-A"]);
  world.git(["commit", "-q", "--allow-empty", "-m", text]);
  return head(world);
}

const on = (world: Place, branch: string, from?: string): string =>
  world.git(["checkout", "-q", ...(from === undefined ? [branch] : ["-b", branch, from])]);

/** What `landed` says of `tip`, which came from `base`, beside the branch main. */
async function verdict(world: Place, tip: string, base: string | null): Promise<string | undefined> {
  const main = world.git(["rev-parse", "main"]).trim();
  return (await landed(world.repo, [{ name: "main", sha: main }], [{ sha: tip, base }])).get(tip)?.by;
}

const cases: readonly [string, string | undefined, (world: Place, base: string) => string][] = [
  ["is what main points at", "same-commit", (world) => commit(world, { "b.txt": "b\n" })],
  [
    "lies in main's history",
    "ancestor",
    (world) => {
      const tip = commit(world, { "b.txt": "b\n" });
      commit(world, { "c.txt": "c\n" });
      return tip;
    },
  ],
  [
    "changes nothing after all",
    "no-change",
    (world, base) => {
      on(world, "side", base);
      commit(world, { "b.txt": "b\n" });
      return commit(world, { "b.txt": null });
    },
  ],
  [
    "has the same files as main",
    "same-tree",
    (world, base) => {
      commit(world, { "b.txt": "b\n" }, "as one");
      on(world, "side", base);
      return commit(world, { "b.txt": "b\n" }, "on the side");
    },
  ],
  [
    "was squashed, and main went on elsewhere",
    "merge-adds-nothing",
    (world, base) => {
      commit(world, { "b.txt": "b\n" });
      commit(world, { "c.txt": "c\n" });
      on(world, "side", base);
      return commit(world, { "b.txt": "b\n" });
    },
  ],
  [
    "was squashed, with a file in between that it took back itself",
    "merge-adds-nothing",
    (world, base) => {
      commit(world, { "b.txt": "b\n" });
      commit(world, { "c.txt": "c\n" });
      on(world, "side", base);
      commit(world, { "scratch.txt": "s\n" });
      return commit(world, { "scratch.txt": null, "b.txt": "b\n" });
    },
  ],
  [
    "was squashed, and main has changed the same lines since",
    "same-patch",
    (world, base) => {
      commit(world, { "b.txt": "b\n" });
      commit(world, { "b.txt": "other\n" });
      on(world, "side", base);
      return commit(world, { "b.txt": "b\n" });
    },
  ],
  [
    "was squashed, and main has taken it back",
    "same-patch",
    (world, base) => {
      commit(world, { "b.txt": "b\n" });
      commit(world, { "b.txt": null });
      on(world, "side", base);
      return commit(world, { "b.txt": "b\n" });
    },
  ],
  [
    "is open",
    undefined,
    (world, base) => {
      commit(world, { "c.txt": "c\n" });
      on(world, "side", base);
      return commit(world, { "b.txt": "b\n" });
    },
  ],
  [
    "is half in main",
    undefined,
    (world, base) => {
      commit(world, { "b.txt": "b\n" });
      on(world, "side", base);
      commit(world, { "b.txt": "b\n" });
      return commit(world, { "a.txt": "a\nb\nmore\n" });
    },
  ],
  [
    "conflicts with main",
    undefined,
    (world, base) => {
      commit(world, { "a.txt": "main\n" });
      on(world, "side", base);
      return commit(world, { "a.txt": "side\n" });
    },
  ],
  [
    "was set back to before where it began",
    undefined,
    (world, base) => {
      world.git(["checkout", "-q", "--orphan", "lone"]);
      const old = commit(world, { "lone.txt": "l\n" });
      world.git(["checkout", "-q", "-f", base]);
      return old;
    },
  ],
];

for (const [what, by, make] of cases)
  test(`work that ${what}: ${by ?? "not in main"}`, async () => {
    const world = place();
    try {
      const base = head(world);
      const tip = make(world, base);
      assert.is(await verdict(world, tip, base), by);
    } finally {
      world.remove();
    }
  });

test("a base that nobody knows, or that is gone, never makes work look empty or merged", async () => {
  const world = place();
  try {
    const base = head(world);
    on(world, "side", base);
    const empty = commit(world, {});
    const work = commit(world, { "b.txt": "b\n" });
    on(world, "main");
    commit(world, { "c.txt": "c\n" });
    assert.is(await verdict(world, work, null), undefined);
    assert.is(await verdict(world, work, "1".repeat(40)), undefined);
    // Nothing was done and nothing is lost: said only where it is known from where.
    assert.is(await verdict(world, empty, base), "no-change");
    // Set back to before its base, which is no part of main.
    on(world, "side");
    const later = commit(world, { "z.txt": "z\n" });
    on(world, "main");
    assert.is(await verdict(world, work, later), undefined);
    commit(world, { "b.txt": "b\n" });
    assert.is(await verdict(world, work, null), "merge-adds-nothing");
  } finally {
    world.remove();
  }
});

test("a file named like an answer of git's cannot pass for a commit of main", async () => {
  const world = place();
  try {
    const base = head(world);
    on(world, "side", base);
    const tip = commit(world, { "b.txt": "b\n" });
    const tree = world.git(["rev-parse", `${tip}^{tree}`]).trim();
    on(world, "main");
    // Were the name read as a row, main's last commit would have `tip` for a parent.
    commit(world, { [`x\n\x01${head(world)} ${tree} ${tip}`]: "x\n", [`\x01${tip} ${tree} ${base}`]: "y\n" });
    const forged = head(world);
    commit(world, { [`\x01${forged} ${tree} ${tip}`]: "x\n" });
    assert.is(await verdict(world, tip, base), undefined);
  } finally {
    world.remove();
  }
});

test("many branches, two targets: each arrives where it arrived", async () => {
  const world = place();
  try {
    const base = head(world);
    on(world, "develop", base);
    const tips: string[] = [];
    for (let n = 0; n < 6; n++) {
      on(world, `b${n}`, base);
      tips.push(commit(world, { [`f${n}.txt`]: `${n}\n` }));
    }
    on(world, "main");
    world.git(["merge", "-q", "--no-ff", "--no-edit", "b0"]);
    world.git(["merge", "-q", "--squash", "b1"]);
    commit(world, {}, "squash 1");
    on(world, "develop");
    world.git(["merge", "-q", "--no-ff", "--no-edit", "b2"]);
    world.git(["merge", "-q", "--squash", "b3"]);
    commit(world, {}, "squash 3");
    const target = (name: string) => ({ name, sha: world.git(["rev-parse", name]).trim() });
    const found = await landed(
      world.repo,
      [target("main"), target("develop")],
      tips.map((sha) => ({ sha, base })),
    );
    world.git(["checkout", "-q", "--orphan", "unrelated"]);
    tips.push(commit(world, {}, "no common commit"));
    assert.equal(
      tips.map((sha) => `${found.get(sha)?.by} ${found.get(sha)?.into}`),
      [
        "ancestor main",
        "merge-adds-nothing main",
        "ancestor develop",
        "merge-adds-nothing develop",
        "undefined undefined",
        "undefined undefined",
        "undefined undefined",
      ],
    );
  } finally {
    world.remove();
  }
});

test.run();
