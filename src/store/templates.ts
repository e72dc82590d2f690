/** Templates: the package's own, or the repository's in `.worktrees/templates/`. Text with `{{name}}` in it; nothing is executed. */
import { existsSync, lstatSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { readMaybe } from "./files.ts";

/** Root of this package, whether it runs from `src/` or from the bundle. */
export function packageRoot(): string {
  for (let dir = import.meta.dirname; dir !== dirname(dir); dir = dirname(dir)) {
    if (existsSync(join(dir, "package.json")) && existsSync(join(dir, "templates"))) return dir;
  }
  throw new CopseError("BUG", "Copse's own package folder cannot be found", { hint: "Install it again." });
}

/** Fills a template by name; an unknown `{{name}}` stays as it is. Runs of blank lines that empty values leave are folded. */
export function fillTemplate(repo: string, name: string, values: Readonly<Record<string, string>>): string {
  const text = readOwn(repo, join(".worktrees", "templates", name)) ?? readMaybe(join(packageRoot(), "templates", name));
  if (text === undefined) throw new CopseError("BUG", `the template ${name} is missing`, { hint: "Install Copse again." });
  return text
    .replace(/\{\{(\w+)\}\}/g, (whole, key: string) => (Object.hasOwn(values, key) ? (values[key] as string) : whole))
    .replace(/\n{3,}/g, "\n\n");
}

/** A text file of the repository, such as a template, counts only as a file of its own: through a link it could bring any file of the person's into a report or a commit. */
export function readOwn(repo: string, name: string): string | undefined {
  const file = join(repo, name);
  try {
    return lstatSync(file).isFile() && realpathSync(file) === join(realpathSync(repo), name) ? readMaybe(file) : undefined;
  } catch {
    return undefined;
  }
}
