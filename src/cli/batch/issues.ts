/** Issues of the forge that a repository's remote is on, for a batch. */
import { CopseError } from "../../core/errors.ts";
import { type Issue, parseIssueQuery } from "../../core/issues.ts";
import { forgeOf } from "../../forge/address.ts";
import { driverFor } from "../../forge/driver.ts";
import { tokenFor } from "../../forge/login.ts";
import { baseRemoteOf, pushRemoteOf, pushUrlOf } from "../../git/remote.ts";
import type { Repository } from "../../git/repository.ts";
import { loadConfig } from "../../store/config.ts";

/** `at`: where a file says it. @throws CopseError USAGE or BAD_BATCH for a query that says nothing, FORGE_FAILED, GIT_FAILED */
export async function issuesOf(text: string, repo: Repository, at?: string): Promise<Issue[]> {
  const query = parseIssueQuery(text);
  if ("text" in query)
    throw new CopseError(at === undefined ? "USAGE" : "BAD_BATCH", `${at ?? "--issues"}: ${query.text}`, { hint: query.hint });
  const url = await pushUrlOf(repo.top, (await baseRemoteOf(repo.top)) ?? (await pushRemoteOf(repo.top).catch(noRemote)));
  const place = forgeOf(url, loadConfig(null).config.forges, process.env);
  if (place === undefined)
    throw new CopseError("FORGE_FAILED", `no forge is known by the remote of ${repo.top}, so there is nobody to ask for issues`, {
      hint: "Name it in `forges` of your configuration: copse config --help",
    });
  const token = await tokenFor(place, process.env, repo.top);
  if (token === null)
    throw new CopseError("FORGE_FAILED", `there is no login for ${place.host}`, {
      hint: "gh auth login, or set GH_TOKEN (GITLAB_TOKEN, GITEA_TOKEN).",
    });
  return await (await driverFor(place, token)).tracker.find(query);
}

function noRemote(cause: unknown): never {
  throw new CopseError("FORGE_FAILED", "no remote says which forge to ask for issues", {
    hint: "Add one: git remote add origin <url>; of several, choose: git config remote.pushDefault NAME",
    cause,
  });
}
