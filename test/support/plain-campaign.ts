/**
 * A campaign as a process of its own, to be killed: over an ecosystem of a few lines, where a manifest has `name version` a line. In its environment CAMPAIGN: `{ repo, state, base, names, check, limit }`;
 * it prints what came of it as JSON.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { campaign } from "../../src/deps/campaign.ts";
import type { Ecosystem } from "../../src/deps/ecosystem.ts";
import { findRepository } from "../../src/git/repository.ts";

const { repo, state, base, names, check, limit } = JSON.parse(process.env["CAMPAIGN"] ?? "") as {
  readonly repo: string;
  readonly state: string;
  readonly base: string;
  readonly names: readonly string[];
  readonly check: string;
  readonly limit: number;
};

const install = ["/bin/sh", "-c", "mkdir -p packages.d && cp packages packages.d/installed"] as const;
const ecosystem: Ecosystem = {
  name: "plain",
  env: {},
  lock: ["/bin/sh", "-c", "sort -o lock packages"],
  install,
  refresh: { folder: "packages.d", command: ["/bin/sh", "-c", `sort -o lock packages; ${install[2]}`], suits: () => true },
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
};

const done = await campaign({
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
  limit,
  env: process.env as Record<string, string>,
  signal: new AbortController().signal,
  fresh: false,
  said: async () => ({ refusals: [], notes: [] }),
  branch: (label) => `copse/${label}`,
  publish: null,
  handOver: null,
  told: () => {},
});
const { parts, resumed, number } = done;
const verdicts = parts.flatMap((part) => part.verdicts);
const branch = parts[0]?.branch;
process.stdout.write(
  JSON.stringify({
    number,
    resumed,
    branch,
    kept: verdicts.filter(({ reverted }) => reverted === null).map(({ update }) => update.name),
    why: verdicts.flatMap(({ reverted }) => (reverted === null ? [] : [reverted.why])),
  }),
);
