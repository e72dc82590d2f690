/** pnpm, workspaces too: what it calls outdated, and how it locks and installs. */
import { realpathSync } from "node:fs";
import { join, relative } from "node:path";
import { auditOf, registryFound } from "./audit.ts";
import type { Audit, Ecosystem, Listed, Rules, Run } from "./ecosystem.ts";
import { answerOf, apply, listFrom, type Row } from "./manifests.ts";
import { fields, rangeIn, readManifest } from "./placed.ts";
import { settingsOf } from "./settings.ts";
import { inReach } from "./versions.ts";

/** `locked`: the repository keeps a lockfile. `test`: its manifest has a script of that name. */
export function pnpm({ locked, test }: { readonly locked: boolean; readonly test: boolean }): Ecosystem {
  return {
    name: "pnpm",
    // It usually links packages to its store, so a check that writes into them would reach every project of the person's.
    env: { npm_config_update_notifier: "false", npm_config_package_import_method: "clone-or-copy" },
    // With `CI` set it would refuse to write the lockfile.
    lock: locked ? ["pnpm", "install", "--lockfile-only", "--no-frozen-lockfile"] : null,
    install: locked ? ["pnpm", "install", "--frozen-lockfile", "--prefer-offline"] : ["pnpm", "install", "--no-lockfile"],
    check: test ? "pnpm test" : null,
    list: (dir, rules, run, audit) => list(dir, locked, rules, run, audit),
    apply,
    audit: (run) => auditOf(["pnpm", "audit", "--json"], run, registryFound),
  };
}

interface Outdated {
  readonly current?: string;
  readonly wanted?: string;
  readonly latest?: string;
}

/** It names a package once, with one of those that ask for it; the manifests say who all do. */
async function list(dir: string, locked: boolean, rules: Rules, run: Run, audit: Promise<Audit>): Promise<Listed> {
  const outdated = answerOf<Record<string, Outdated>>("pnpm outdated", await run(["pnpm", "outdated", "--recursive", "--format", "json"]));
  const projects = answerOf<{ path: string }[]>("pnpm ls", await run(["pnpm", "ls", "--recursive", "--depth", "-1", "--json"]));
  const rows: Row[] = [];
  for (const { path } of projects) {
    const manifest = readManifest(join(path, "package.json"));
    for (const [name, { current, wanted = current, latest }] of Object.entries(outdated)) {
      const range = fields.map((field) => rangeIn(manifest, field, name)).find((one) => one !== undefined);
      if (range === undefined || current === undefined || wanted === undefined || latest === undefined) continue;
      // Another manifest may ask for another version of it; then the range says which, if it is one version.
      const own = inReach(current, range) ? current : /\d+\.\d+\.\d+\S*/.exec(range)?.[0];
      const location = relative(realpathSync(dir), realpathSync(path));
      if (own !== undefined) rows.push({ name, current: own, wanted: inReach(wanted, range) ? wanted : own, latest, location });
    }
  }
  const settings = await settingsOf(["pnpm", "config", "list", "--json"], run);
  return await listFrom(rows, { dir, rules, run, audit, settings, keepsLocked: locked });
}
