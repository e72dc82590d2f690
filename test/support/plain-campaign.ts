/**
 * A campaign as a process of its own, to be killed: over an ecosystem of a few lines, where a manifest has `name version` a line. In its environment CAMPAIGN: `{ repo, state, base, names, check, limit }`;
 * it prints what came of it as JSON.
 */
import { campaign } from "../../src/deps/campaign.ts";
import type { Ecosystem } from "../../src/deps/ecosystem.ts";
import { plainEcosystem, plainWish } from "./plain-ecosystem.ts";

const { repo, state, base, names, check, limit } = JSON.parse(process.env["CAMPAIGN"] ?? "") as {
  readonly repo: string;
  readonly state: string;
  readonly base: string;
  readonly names: readonly string[];
  readonly check: string;
  readonly limit: number;
};

const install = "mkdir -p packages.d && cp packages packages.d/installed";
const ecosystem: Ecosystem = {
  ...plainEcosystem(names, install),
  refresh: { folder: "packages.d", command: ["/bin/sh", "-c", `sort -o lock packages; ${install}`], suits: () => true },
};

const env = process.env as Record<string, string>;
const done = await campaign({ ...plainWish({ repo, state, base, check, ecosystem, env }), limit });
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
