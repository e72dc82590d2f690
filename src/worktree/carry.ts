/** Dependencies carried into a new worktree: configured folders (`carry`) are copied by `cp`, copy-on-write where the file system can. Never a link to the original. */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { CopseError } from "../core/errors.ts";
import { gitMaybe } from "../git/git.ts";
import { runCommand } from "../system/command.ts";

/** Copies each folder that is there, ignored by git, and not yet in the worktree. @returns notes for the person. @throws CopseError COMMAND_FAILED when a copy fails */
export async function carryFolders(from: string, to: string, folders: readonly string[]): Promise<string[]> {
  const notes: string[] = [];
  for (const folder of folders) {
    const why = await cannotCarry(from, to, folder);
    if (why !== undefined) {
      notes.push(`${folder} is not carried: ${why}`);
      continue;
    }
    await copyTree(join(from, folder), join(to, folder));
    const links = dropEscapingLinks(join(to, folder), to);
    if (links > 0) notes.push(`${folder}: ${links} symbolic ${links === 1 ? "link" : "links"} out of the worktree left out`);
  }
  return notes;
}

async function cannotCarry(from: string, to: string, folder: string): Promise<string | undefined> {
  const source = join(from, folder);
  if (folder.startsWith("/") || folder.split("/").includes("..")) return "not a path inside the repository";
  if (!existsSync(source)) return "it does not exist";
  if (!lstatSync(source).isDirectory() || realpathSync(source) !== join(realpathSync(from), folder))
    return "a symbolic link is in its path";
  if ((await gitMaybe(from, ["check-ignore", "--quiet", "--", folder])) === undefined) return "git does not ignore it";
  if (existsSync(join(to, folder))) return "it is in the worktree already";
  if (realpathSync(dirname(join(to, folder))) !== dirname(join(realpathSync(to), folder)))
    return "something else stands at its place in the worktree";
  return undefined;
}

async function copyTree(source: string, target: string): Promise<void> {
  const flags = process.platform === "linux" ? ["-a", "--reflink=auto"] : ["-a", "-c"];
  const { exitCode, stderr } = await runCommand("cp", [...flags, "--", source, target], { timeoutMs: 30 * 60_000 });
  if (exitCode === 0) return;
  rmSync(target, { recursive: true, force: true });
  throw new CopseError("COMMAND_FAILED", `copying ${source} into the worktree failed: ${stderr.trim().slice(-500)}`, {
    hint: "Free space, or take the folder out of `carry`.",
  });
}

/** A link that leads out of the worktree would let an agent write somewhere else. */
function dropEscapingLinks(dir: string, root: string): number {
  const base = realpathSync(root) + sep;
  let dropped = 0;
  const walk = (at: string) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isSymbolicLink() && !resolve(realpathSync(at), readlinkSync(path)).startsWith(base)) {
        rmSync(path);
        dropped++;
      }
    }
  };
  walk(dir);
  return dropped;
}
