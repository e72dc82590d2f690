/** Is Claude Code logged in? Told from files and variables where these say yes, which takes no time; only else is Claude Code asked, which takes a second. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

const variables = [
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "CLAUDE_CODE_OAUTH_TOKEN",
  "CLAUDE_CODE_USE_BEDROCK",
  "CLAUDE_CODE_USE_VERTEX",
  "CLAUDE_CODE_USE_FOUNDRY",
];

/** True: there is a login of some kind, good or not. False: none is seen here; it may be in a key chain. */
export function hasLogin(env: Env): boolean {
  if (variables.some((name) => env[name])) return true;
  const dir = env["CLAUDE_CONFIG_DIR"] || join(env["HOME"] ?? "", ".claude");
  return existsSync(join(dir, ".credentials.json")) || mentions(join(dir, "settings.json"), '"apiKeyHelper"');
}

function mentions(file: string, word: string): boolean {
  try {
    return readFileSync(file, "utf8").includes(word);
  } catch {
    return false;
  }
}

/** `status`: what `claude auth status` printed. Anything but a clear no is no reason to refuse. */
export function saysLoggedOut(status: string): boolean {
  try {
    return (JSON.parse(status) as { loggedIn?: unknown } | null)?.loggedIn === false;
  } catch {
    return false;
  }
}
