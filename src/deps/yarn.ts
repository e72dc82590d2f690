/** yarn 1, workspaces too: what it calls outdated, and how it locks and installs. */
import { auditOf, yarnFound } from "./audit.ts";
import type { Audit, Ecosystem, Listed, Rules, Run } from "./ecosystem.ts";
import { answerOf, apply, cannotList, listFrom } from "./manifests.ts";
import { settingsOf } from "./settings.ts";

interface Facts {
  /** The repository keeps a lockfile. */
  readonly locked: boolean;
  readonly workspaces: boolean;
  /** Its manifest has a script of that name. */
  readonly test: boolean;
}

export function yarn({ locked, workspaces, test }: Facts): Ecosystem {
  return {
    name: "yarn",
    env: { YARN_DISABLE_SELF_UPDATE_CHECK: "true", npm_config_update_notifier: "false" },
    // It cannot write the lockfile alone; nobody's scripts are run before all is checked in its place.
    lock: locked ? ["yarn", "install", "--ignore-scripts", "--non-interactive"] : null,
    install: ["yarn", "install", locked ? "--frozen-lockfile" : "--pure-lockfile", "--non-interactive", "--prefer-offline"],
    check: test ? "yarn test" : null,
    list: (dir, rules, run, audit) => list(dir, workspaces, rules, run, audit),
    apply,
    audit,
  };
}

const configList = ["yarn", "config", "list", "--json"] as const;

/** Its audit sends all names and versions to its own registry; that is nobody's business where packages come from elsewhere. */
async function audit(run: Run): Promise<Audit> {
  const { registry } = (await settingsOf(configList, run)).all;
  if (!/^https:\/\/registry\.(?:yarnpkg\.com|npmjs\.org)\/?$/.test(String(registry)))
    return { why: "yarn 1 asks registry.yarnpkg.com for them whatever registry is set, so it was not asked" };
  return await auditOf(["yarn", "audit", "--json"], run, yarnFound);
}

/** A table among lines of JSON, its columns named; without workspaces one of them is missing. */
interface Table {
  readonly type: string;
  readonly data: { readonly head: readonly string[]; readonly body: readonly (readonly string[])[] };
}

async function list(dir: string, workspaces: boolean, rules: Rules, run: Run, audit: Promise<Audit>): Promise<Listed> {
  const said = await run(["yarn", "outdated", "--json"]);
  if (said.exitCode === null || said.exitCode > 1) throw cannotList("yarn outdated", said.exitCode, said.stderr);
  const table = said.stdout
    .split("\n")
    .filter((line) => line.startsWith('{"type":"table"'))
    .map((line) => (JSON.parse(line) as Table).data)[0];
  if (table === undefined && said.exitCode === 1) throw cannotList("yarn outdated", said.exitCode, said.stderr);
  const places = workspaces ? await placesOf(run) : {};
  const rows = (table?.body ?? []).map((cells) => {
    const cell = (head: string): string => cells[table?.head.indexOf(head) ?? -1] ?? "";
    return {
      name: cell("Package"),
      current: cell("Current"),
      wanted: cell("Wanted"),
      latest: cell("Latest"),
      location: places[cell("Workspace")]?.location ?? "",
    };
  });
  return await listFrom(
    rows.filter(({ current, wanted, latest }) => [current, wanted, latest].every((version) => /^\d/.test(version))),
    { dir, rules, run, audit, settings: await settingsOf(configList, run), keepsLocked: false },
  );
}

async function placesOf(run: Run): Promise<Record<string, { location: string }>> {
  return answerOf("yarn workspaces info", await run(["yarn", "--silent", "workspaces", "info", "--json"]));
}
