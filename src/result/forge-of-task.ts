/** From a task to the forge its pull request is on. */
import { messageOf } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { type ForgeSetting, forgeOf } from "../forge/address.ts";
import { driverFor } from "../forge/driver.ts";
import type { Forge } from "../forge/forge.ts";
import { tokenFor } from "../forge/login.ts";
import { baseRemoteOf, pushRemoteOf, pushUrlOf } from "../git/remote.ts";

export interface Surroundings {
  readonly forges: Readonly<Record<string, ForgeSetting>>;
  /** Of the person who asks: logins are in it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The forge the pull requests of this repository are on, or why it cannot be asked. */
export async function forgeOfTask({ repo }: Task, { forges, env }: Surroundings): Promise<Forge | string> {
  try {
    const url = await pushUrlOf(repo, (await baseRemoteOf(repo)) ?? (await pushRemoteOf(repo)));
    const place = forgeOf(url, forges, env);
    if (place === undefined) return `${repo}: no forge is known by its remote (see \`forges\` in your configuration)`;
    const token = await tokenFor(place, env, repo);
    return token === null ? `there is no login for ${place.host} (gh auth login, or GH_TOKEN)` : await driverFor(place, token);
  } catch (error) {
    return `${repo}: ${messageOf(error)}`;
  }
}
