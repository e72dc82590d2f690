/** An ecosystem of a few lines for tests of campaigns: a manifest `packages` with `name version` a line, sorted into `lock`; and what a campaign over it is asked for. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Wish } from "../../src/deps/campaign.ts";
import type { Ecosystem } from "../../src/deps/ecosystem.ts";
import { findRepository } from "../../src/git/repository.ts";

export const packagesOf = (names: readonly string[]): string => names.map((name) => `${name} 1\n`).join("");

/** Each of them can go from 1 to 2. `install`: for a shell. */
export const plainEcosystem = (names: readonly string[], install = ":"): Ecosystem => ({
  name: "plain",
  env: {},
  lock: ["/bin/sh", "-c", "sort -o lock packages"],
  install: ["/bin/sh", "-c", install],
  check: null,
  list: async () => ({
    updates: names.map((name) => ({
      name,
      from: "1",
      to: "2",
      kind: "minor",
      dev: false,
      places: [{ manifest: "packages", field: "", range: "1" }],
      link: null,
    })),
    left: [],
  }),
  apply(dir, updates) {
    const file = join(dir, "packages");
    const text = updates.reduce((one, { name }) => one.replace(`${name} 1\n`, `${name} 2\n`), readFileSync(file, "utf8"));
    writeFileSync(file, text);
  },
});

export interface Plain {
  readonly repo: string;
  readonly state: string;
  readonly base: string;
  readonly check: string;
  readonly ecosystem: Ecosystem;
  readonly env: Readonly<Record<string, string>>;
}

export const plainWish = ({ repo, state, base, check, ecosystem, env }: Plain): Wish => ({
  state,
  repo: findRepository(repo),
  asked: {
    base,
    target: "minor",
    checks: [check],
    only: [],
    ignore: [],
    pin: {},
    minAgeMs: null,
    engines: true,
    otherUpdaters: false,
    groups: [],
    split: false,
  },
  baseRef: "HEAD",
  ecosystem,
  limit: 2,
  env,
  signal: new AbortController().signal,
  fresh: false,
  said: async () => ({ refusals: [], notes: [] }),
  branch: (label) => `copse/${label}`,
  publish: null,
  handOver: null,
  told: () => {},
});
