/** Whether there is a forge to open issues on. A file of its own because it runs git, which the prompt does not wait for otherwise. */
import { type ForgeSetting, forgeOf } from "../forge/address.ts";
import { baseRemoteOf, pushRemoteOf, pushUrlOf } from "../git/remote.ts";
import type { Repository } from "../git/repository.ts";

/** So that nobody finds out when the work is done. */
export async function warnOfNoForge({ root }: Repository, forges: Readonly<Record<string, ForgeSetting>>): Promise<string[]> {
  const url = await baseRemoteOf(root)
    .then(async (remote) => await pushUrlOf(root, remote ?? (await pushRemoteOf(root))))
    .catch(() => "");
  return forgeOf(url, forges, process.env) === undefined
    ? [
        "no forge is known by this repository's remote, so no issues will be opened; what would stand in them is kept (see `forges` in your configuration)",
      ]
    : [];
}
