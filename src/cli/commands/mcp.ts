/** `copse mcp`: the queue as tools for an agent, over standard input and output. Standard output belongs to the protocol alone. */
import { CopseError } from "../../core/errors.ts";
import { err, isTty } from "../../system/output.ts";
import { mcpFlags, parseFlags } from "../flags.ts";

/** @returns 0 when the client has closed standard input. @throws CopseError USAGE */
export async function mcp(argv: readonly string[]): Promise<number> {
  const { values, words } = parseFlags(argv, mcpFlags);
  if (words.length > 0)
    throw new CopseError("USAGE", `mcp takes no words, got "${words[0]}"`, {
      hint: "Add it to an agent: claude mcp add copse -- copse mcp",
    });
  if (isTty(0)) err("copse mcp speaks with a program, not with a person. Add it to an agent: claude mcp add copse -- copse mcp\n");
  const { serve } = await import("../mcp/server.ts");
  await serve({ approve: values["allow-approve"] === true, verify: values["allow-verify"] === true });
  return 0;
}
