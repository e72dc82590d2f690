/** Which ecosystem a repository belongs to, by its own manifest and lockfile. */
import { CopseError } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";
import { gitMaybe } from "../git/git.ts";
import { berry } from "./berry.ts";
import { berryGround } from "./berry-ground.ts";
import type { Ecosystem } from "./ecosystem.ts";
import { npm } from "./npm.ts";
import { pnpm } from "./pnpm.ts";
import { yarn } from "./yarn.ts";

/** As the commit has it. `env`: what the manager is started with. @throws CopseError FILE_NOT_FOUND, NOT_YET, BAD_CONFIG; COMMAND_FAILED where the manager it asks for is not there */
export async function ecosystemOf(repo: string, commit: string, env: Readonly<Record<string, string>>): Promise<Ecosystem> {
  const text = await gitMaybe(repo, ["cat-file", "blob", `${commit}:package.json`]);
  if (text === undefined)
    throw new CopseError("FILE_NOT_FOUND", "there is no package.json at the top of this repository", {
      hint: "copse deps knows npm, pnpm and yarn; other ecosystems are not in this version yet.",
    });
  const manifest = readManifest(text);
  const there = (await gitMaybe(repo, ["ls-tree", "--name-only", commit]))?.split("\n") ?? [];
  const manager = managerOf(there, manifest.packageManager);
  const script = manifest.scripts?.["test"];
  const test = script !== undefined && !script.includes("no test specified");
  const locked = (names: readonly string[]) => names.some((name) => there.includes(name));
  if (manager === "npm") return npm({ locked: locked(["package-lock.json", "npm-shrinkwrap.json"]), test });
  if (manager === "pnpm") return pnpm({ locked: locked([lockfiles.pnpm]), test });
  if (manager === "yarn") {
    const own = { locked: locked([lockfiles.yarn]), test };
    if (!(await isBerry(repo, commit, manifest.packageManager, there)))
      return yarn({ ...own, workspaces: manifest.workspaces !== undefined });
    return berry({ ...own, ...(await berryGround(repo, commit, manifest.packageManager, env)) });
  }
  throw new CopseError("NOT_YET", `this repository is managed by ${safeLine(manager, 40)}, which copse deps does not know yet`, {
    hint: "It knows npm, pnpm and yarn, with workspaces.",
  });
}

interface Manifest {
  readonly packageManager?: string;
  readonly workspaces?: unknown;
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
  return own?.[0] ?? (there.includes(".yarnrc.yml") && !there.includes("package-lock.json") ? "yarn" : "npm");
}

/** Yarn 2 or newer. */
async function isBerry(repo: string, commit: string, named: string | undefined, there: readonly string[]): Promise<boolean> {
  if (named !== undefined) return !/^yarn@[~^v]?1(?:\.|$)/.test(named);
  if (there.includes(".yarnrc.yml")) return true;
  const lockfile = there.includes(lockfiles.yarn) ? await gitMaybe(repo, ["cat-file", "blob", `${commit}:${lockfiles.yarn}`]) : undefined;
  return /^__metadata:/m.test(lockfile ?? "");
}
