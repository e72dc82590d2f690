/** A rule in the common `info/exclude`: git then leaves something out of sight without a change to any file of the repository. */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { readMaybe } from "../store/files.ts";

/** Adds the rule, once. `path`: from the top of a checkout, with `/` behind it for a folder. */
export function exclude(commonDir: string, path: string): void {
  const file = join(commonDir, "info", "exclude");
  const rule = `/${path.replace(/[\\*?[\] ]/g, "\\$&")}`;
  const text = readMaybe(file) ?? "";
  if (text.split("\n").includes(rule)) return;
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, `${text === "" || text.endsWith("\n") ? "" : "\n"}${rule}\n`);
}
