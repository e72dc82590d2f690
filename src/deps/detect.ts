/** Which ecosystem a repository belongs to, by its own manifest and lockfile. */
import { CopseError } from "../core/errors.ts";
import { gitMaybe } from "../git/git.ts";
import type { Ecosystem } from "./ecosystem.ts";
import { npm } from "./npm.ts";

/** As the commit has it. @throws CopseError FILE_NOT_FOUND, NOT_YET, BAD_CONFIG */
export async function ecosystemOf(repo: string, commit: string): Promise<Ecosystem> {
  const text = await gitMaybe(repo, ["cat-file", "blob", `${commit}:package.json`]);
  if (text === undefined)
    throw new CopseError("FILE_NOT_FOUND", "there is no package.json at the top of this repository", {
      hint: "copse deps knows npm so far; other ecosystems are not in this version yet.",
    });
  const manifest = readManifest(text);
  const there = (await gitMaybe(repo, ["ls-tree", "--name-only", commit]))?.split("\n") ?? [];
  const manager = managerOf(there, manifest.packageManager);
  if (manager !== "npm")
    throw new CopseError("NOT_YET", `this repository is managed by ${manager}, which copse deps does not know yet`, {
      hint: "It knows npm, with workspaces.",
    });
  const script = manifest.scripts?.["test"];
  const test = script !== undefined && !script.includes("no test specified");
  return npm({ locked: ["package-lock.json", "npm-shrinkwrap.json"].some((name) => there.includes(name)), test });
}

interface Manifest {
  readonly packageManager?: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

function readManifest(text: string): Manifest {
  try {
    return JSON.parse(text.replace(/^\ufeff/, "")) as Manifest;
  } catch (error) {
    throw new CopseError("BAD_CONFIG", `package.json is no JSON: ${String(error)}`, { hint: "Mend it, then try again.", cause: error });
  }
}

const lockfiles = { pnpm: "pnpm-lock.yaml", yarn: "yarn.lock", bun: "bun.lock" } as const;

function managerOf(there: readonly string[], named: string | undefined): string {
  if (named !== undefined) return named.split("@")[0] as string;
  const own = Object.entries(lockfiles).find(([, file]) => there.includes(file));
  return own?.[0] ?? "npm";
}
