/** `copse config`: what is set and from where; approving what a repository's file may run. */

import { CopseError } from "../../core/errors.ts";
import { safe } from "../../core/safe.ts";
import { similar } from "../../core/similar.ts";
import { findRepository } from "../../git/repository.ts";
import { trust } from "../../store/approve.ts";
import { type Config, configKeys, loadConfig } from "../../store/config.ts";
import { personConfigFile, projectConfigFile } from "../../store/paths.ts";
import { executableOf, isTrusted } from "../../store/trust.ts";
import { err, isTty, out } from "../../system/output.ts";
import { repositoryMaybe } from "../find.ts";
import { askForTrust } from "../trust.ts";

export function configShow(json: boolean): number {
  const repo = repositoryMaybe(process.cwd());
  const { config, origin, warnings, project } = loadConfig(repo?.top ?? null);
  for (const warning of warnings) err(`copse: ${safe(warning)}\n`);
  const what = repo === undefined ? undefined : executableOf(project, repo.id);
  const trusted = what === undefined || repo === undefined ? null : isTrusted(what, repo.id);
  const files = { person: personConfigFile(), project: repo === undefined ? null : projectConfigFile(repo.top) };
  if (json) {
    out(`${JSON.stringify({ config, origin, files, trusted })}\n`);
    return 0;
  }
  const width = Math.max(...configKeys.map((key) => key.length));
  const row = (name: string, value: unknown, from: string) =>
    out(`${name.padEnd(width)}  ${safe(JSON.stringify(value)).padEnd(32)}  ${from}\n`);
  for (const key of configKeys) {
    const gates = key === "gates" ? Object.entries(config.gates) : [];
    // Each is the project's or the person's for itself.
    for (const [name, value] of gates) row(`gates.${safe(name)}`, value, Object.hasOwn(project.gates ?? {}, name) ? "project" : "person");
    if (gates.length === 0) row(key, config[key], origin[key]);
  }
  out(`\nYours: ${safe(files.person)}\n`);
  if (files.project !== null)
    out(
      `The project's: ${safe(files.project)}${trusted === null ? "" : trusted ? " (its commands are trusted)" : " (its commands are NOT trusted: copse config trust)"}\n`,
    );
  return 0;
}

export function configGet(key: string, json: boolean): number {
  if (!configKeys.includes(key as keyof Config)) {
    const instead = similar(key, configKeys);
    throw new CopseError("USAGE", `no setting is named ${key}`, {
      hint: instead === undefined ? "See copse config." : `Did you mean ${instead}?`,
    });
  }
  const value = loadConfig(repositoryMaybe(process.cwd())?.top ?? null).config[key as keyof Config];
  out(`${json ? JSON.stringify({ [key]: value }) : typeof value === "string" ? safe(value) : JSON.stringify(value)}\n`);
  return 0;
}

/** `yes`: approve without asking, for scripts of the person's own. */
export async function configTrust(yes: boolean): Promise<number> {
  const repo = findRepository(process.cwd());
  const loaded = loadConfig(repo.top);
  const what = executableOf(loaded.project, repo.id);
  if (what === undefined) {
    out("This repository's configuration runs nothing; there is nothing to trust.\n");
    return 0;
  }
  if (yes) {
    err(`${safe(JSON.stringify(what.parts, null, 2))}\n`);
    await trust(what, repo.id);
  } else if (isTty(0)) {
    await askForTrust(loaded, repo);
  } else {
    throw new CopseError("NOT_TRUSTED", "there is no terminal to ask on", {
      hint: "Read .worktrees/config.json, then: copse config trust --yes",
    });
  }
  out(`Trusted as it is now: ${what.hash}\n`);
  return 0;
}
