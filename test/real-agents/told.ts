/** What a hook was told, and what Claude Code's own transcripts say of the same. */
import { existsSync, readFileSync } from "node:fs";
import type { Json } from "./world.ts";

/** A file of JSON lines; none when it is not there. */
export const linesOf = (file: string): Json[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
    : [];

/** A hook that keeps its input, each in one write. */
export const keepsIn = (file: string): string => `x=$(cat); printf '%s\\n' "$x" >> ${file}`;

/** How often each tool was called, by a transcript; a message may stand in it block by block, and again. */
export function callsIn(file: string): Record<string, number> {
  const calls = new Map<string, string>();
  for (const { type, message: said } of linesOf(file))
    if (type === "assistant") for (const block of said.content) if (block.type === "tool_use") calls.set(block.id, block.name);
  const counts: Record<string, number> = {};
  for (const name of calls.values()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** The same by what the hook was told. */
export const counted = (one: Json): Record<string, number> =>
  Object.fromEntries(one.tools_called_this_turn.map((tool: Json) => [tool.tool_name, tool.count]));
