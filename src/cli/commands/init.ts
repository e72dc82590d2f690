/** `copse init`: a `.worktrees/` folder to share settings by. Writes only what is not there; touches no other file of the repository. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findRepository } from "../../git/repository.ts";
import { cannotWrite, writeNew } from "../../store/files.ts";
import { packageRoot } from "../../store/templates.ts";
import { out } from "../../system/output.ts";

export function init(json: boolean): number {
  const repo = findRepository(process.cwd());
  const wanted = {
    ".worktrees/config.json": readFileSync(join(packageRoot(), "templates", "init", "config.json"), "utf8"),
    ".worktrees/.gitignore": readFileSync(join(packageRoot(), "templates", "init", "gitignore"), "utf8"),
  };
  const made: string[] = [];
  const kept: string[] = [];
  for (const [name, text] of Object.entries(wanted)) {
    const file = join(repo.top, name);
    if (existsSync(file)) {
      kept.push(name);
      continue;
    }
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeNew(file, text, 0o644);
    } catch (error) {
      throw cannotWrite(file, error);
    }
    made.push(name);
  }
  if (json) out(`${JSON.stringify({ made, kept })}\n`);
  else {
    for (const name of made) out(`made ${name}\n`);
    for (const name of kept) out(`kept ${name}, which was there\n`);
    out("Commit .worktrees/ to share it. Next: copse config, copse doctor\n");
  }
  return 0;
}
