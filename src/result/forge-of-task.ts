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
export async function forgeOfTask(task: Task, around: Surroundings): Promise<Forge | string> {
  const { repo } = task;
  try {
    const place = await placeOfTask(task, around);
    if (place === undefined) return `${repo}: no forge is known by its remote (see \`forges\` in your configuration)`;
    return (await place.forge()) ?? `there is no login for ${place.host} (gh auth login, or GH_TOKEN)`;
  } catch (error) {
    return `${repo}: ${messageOf(error)}`;
  }
}

export interface Place {
  readonly host: string;
  /** null: there is no login for it. */
  forge(): Promise<Forge | null>;
}

/** Where the pull requests and issues of this repository are; undefined where no forge is known by its remote. @throws CopseError GIT_FAILED */
export async function placeOfTask({ repo }: Pick<Task, "repo">, { forges, env }: Surroundings): Promise<Place | undefined> {
  const url = await pushUrlOf(repo, (await baseRemoteOf(repo)) ?? (await pushRemoteOf(repo)));
  const place = forgeOf(url, forges, env);
  if (place === undefined) return undefined;
  return {
    host: place.host,
    async forge() {
      const token = await tokenFor(place, env, repo);
      return token === null ? null : await driverFor(place, token);
    },
  };
}
