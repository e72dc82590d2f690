/** npm, workspaces too: what it calls outdated, and how it locks and installs. */
import { join } from "node:path";
import { auditOf, npmFound } from "./audit.ts";
import type { Audit, Ecosystem, Listed, Rules, Run } from "./ecosystem.ts";
import { answerOf, apply, cannotList, listFrom } from "./manifests.ts";
import { manifestMaybe } from "./placed.ts";
import { settingsOf } from "./settings.ts";

/** `locked`: the repository keeps a lockfile. `test`: its manifest has a script of that name. */
export function npm({ locked, test }: { readonly locked: boolean; readonly test: boolean }): Ecosystem {
  return {
    name: "npm",
    env: { npm_config_audit: "false", npm_config_fund: "false", npm_config_update_notifier: "false", npm_config_progress: "false" },
    lock: locked ? ["npm", "install", "--package-lock-only"] : null,
    install: locked ? ["npm", "ci", "--prefer-offline"] : ["npm", "install", "--no-package-lock"],
    refresh: {
      folder: "node_modules",
      command: ["npm", "install", "--prefer-offline", ...(locked ? [] : ["--no-package-lock"])],
      suits: (dir) => !workspacesOf(dir).some((one) => hasScripts(join(dir, one))),
    },
    check: test ? "npm test" : null,
    list: (dir, rules, run, audit) => list(dir, locked, rules, run, audit),
    apply,
    audit: (run) => auditOf(["npm", "audit", "--json", "--package-lock-only"], run, npmFound),
  };
}

/** One package in one manifest, as `npm outdated --json --long` tells it. */
interface Row {
  readonly current?: string;
  readonly wanted?: string;
  readonly latest?: string;
  readonly dependedByLocation?: string;
}

async function list(dir: string, locked: boolean, rules: Rules, run: Run, audit: Promise<Audit>): Promise<Listed> {
  const [{ stdout, stderr, exitCode }, settings] = await Promise.all([
    run(["npm", "outdated", "--json", "--long"]),
    settingsOf(["npm", "config", "list", "--json"], run),
  ]);
  const answer = rowsIn(stdout, stderr, exitCode);
  const rows = Object.entries(answer).flatMap(([name, some]) =>
    (Array.isArray(some) ? some : [some]).map((row) => ({ ...row, name: nameIn(name) })),
  );
  return await listFrom(
    rows.flatMap(({ name, current, wanted = current, latest, dependedByLocation = "" }) =>
      current === undefined || wanted === undefined || latest === undefined
        ? []
        : [{ name, current, wanted, latest, location: dependedByLocation }],
    ),
    { dir, rules, run, audit, settings, keepsLocked: locked },
  );
}

/** Of a package under another name it tells both. */
const nameIn = (told: string): string => told.split(":")[0] as string;

function rowsIn(stdout: string, stderr: string, exitCode: number | null): Record<string, Row | Row[]> {
  const answer = answerOf<Record<string, Row | Row[]> & { error?: { summary?: string } }>("npm outdated", { stdout, stderr, exitCode });
  if (typeof answer.error?.summary === "string") throw cannotList("npm outdated", exitCode, answer.error.summary);
  return answer;
}

/** Folders of the workspaces, by what npm has written about its last installation. */
function workspacesOf(dir: string): string[] {
  const { packages = {} } = manifestMaybe(join(dir, "node_modules", ".package-lock.json")) as { packages?: Record<string, unknown> };
  return Object.keys(packages).filter((path) => !/(?:^|\/)node_modules\//.test(path));
}

/** Such that npm runs while it installs; those of a workspace it runs only when that is new to it. */
function hasScripts(dir: string): boolean {
  const { scripts = {} } = manifestMaybe(join(dir, "package.json")) as { scripts?: Record<string, unknown> };
  return ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"].some((name) => name in scripts);
}
