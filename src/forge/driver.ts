/** The driver for a repository's forge. */
import type { Forge, ForgeRepo } from "./forge.ts";

/** Loaded where they are needed: each is large. */
export async function driverFor(repo: ForgeRepo, token: string): Promise<Forge> {
  // For tests: the pauses between writes, which forges ask for, take seconds each.
  const pause = process.env["COPSE_FORGE_PAUSE"] !== "off";
  if (repo.kind === "github") return (await import("./github.ts")).github(repo, token, pause);
  if (repo.kind === "gitlab") return (await import("./gitlab.ts")).gitlab(repo, token);
  return (await import("./gitea.ts")).gitea(repo, token);
}
