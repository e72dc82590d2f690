/** Where Claude Code keeps its conversations: `projects/<folder with . / + as ->/<session>.jsonl` in its own folder (measured, 2.1.329). */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** The session that was last at work in this folder, or null. */
export function lastClaudeSession(folder: string, env: Readonly<Record<string, string | undefined>>): string | null {
  const dir = join(env["CLAUDE_CONFIG_DIR"] || join(env["HOME"] ?? "", ".claude"), "projects", folder.replace(/[^A-Za-z0-9-]/g, "-"));
  try {
    const times = readdirSync(dir).flatMap((name) => {
      const id = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/.exec(name)?.[1];
      return id === undefined ? [] : [{ id, at: statSync(join(dir, name)).mtimeMs }];
    });
    return times.sort((a, b) => b.at - a.at)[0]?.id ?? null;
  } catch {
    return null;
  }
}
