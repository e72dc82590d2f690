/** A commit made of a tree that is there already: no checkout, no index, no hook. */
import { type GitOptions, gitLine, gitMaybe } from "./git.ts";

/** In the name of whoever git says the person is; of Copse where git knows nobody. @returns its id; no branch leads to it yet */
export async function commitTree(
  dir: string,
  tree: string,
  parents: readonly string[],
  message: string,
  options: GitOptions = {},
): Promise<string> {
  const nobody = (await gitMaybe(dir, ["var", "GIT_COMMITTER_IDENT"])) === undefined;
  return await gitLine(dir, ["commit-tree", tree, ...parents.flatMap((sha) => ["-p", sha]), "-F", "-"], {
    ...options,
    input: message,
    config: nobody ? ["user.name=Copse", "user.email=copse@localhost"] : [],
  });
}
