/** What a commit says of how yarn 2 or newer works in it: which yarn, what of its files are kept, and settings that matter here. */
import { homedir } from "node:os";
import { join } from "node:path";
import { gitMaybe } from "../git/git.ts";
import { readMaybe } from "../store/files.ts";
import type { BerryFacts } from "./berry.ts";
import { programOf } from "./berry-program.ts";

type Ground = Pick<BerryFacts, "program" | "named" | "kept" | "setTo">;

/** `named`: its `packageManager`. @throws CopseError COMMAND_FAILED */
export async function berryGround(
  repo: string,
  commit: string,
  named: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<Ground> {
  const blob = (path: string) => gitMaybe(repo, ["cat-file", "blob", `${commit}:${path}`]);
  const rc = (await blob(".yarnrc.yml")) ?? "";
  const path = inside(settingIn(rc, "yarnPath"));
  const text = path === undefined ? undefined : await blob(path);
  const program = await programOf({ named, release: path === undefined || text === undefined ? undefined : { path, text } }, env);
  const made = [".pnp.cjs", ".pnp.js", ".pnp.loader.mjs", ".yarn/unplugged", inside(settingIn(rc, "cacheFolder")) ?? ".yarn/cache"];
  const kept = (await gitMaybe(repo, ["ls-tree", "--name-only", "-z", commit, "--", ...made]))?.split("\0").filter((one) => one !== "");
  const rcs = [rc, readMaybe(join(env["HOME"] ?? homedir(), ".yarnrc.yml")) ?? ""];
  const setTo = (setting: string) => env[asVariable(setting)] ?? rcs.map((one) => settingIn(one, setting)).find((one) => one !== undefined);
  return { program, named, kept: kept ?? [], setTo };
}

/** Its settings have no deeper way of writing a path or a word; undefined where it is not set. */
export function settingIn(rc: string, name: string): string | undefined {
  const [, double, single, bare] = new RegExp(`^${name}:[ \\t]*(?:"([^"\\n]*)"|'([^'\\n]*)'|([^#\\s][^#\\n]*))`, "m").exec(rc) ?? [];
  return double ?? single ?? bare?.trim();
}

/** A path of the repository; one that leads out of it is none of its files. */
function inside(path: string | undefined): string | undefined {
  const plain = path?.replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
  return plain === undefined || plain === "" || plain.startsWith("/") || plain.split("/").includes("..") ? undefined : plain;
}

/** `YARN_NM_MODE` is `nmMode`. */
const asVariable = (setting: string): string => `YARN_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
