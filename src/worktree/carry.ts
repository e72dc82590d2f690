/** Dependencies carried into a new worktree: configured folders (`carry`) are copied by `cp`, copy-on-write where the file system can. Never a link to the original. */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { CopseError } from "../core/errors.ts";
import { gitMaybe } from "../git/git.ts";
import { runCommand } from "../system/command.ts";
import { copyFlags } from "../system/disk.ts";
import { breather, isPlain, isRealDir, makeParents } from "./folders.ts";

/** Copies each folder that is there, ignored by git, and not yet in the worktree. @returns notes for the person. @throws CopseError COMMAND_FAILED when a copy fails */
export async function carryFolders(
  from: string,
  to: string,
  folders: readonly string[],
  mark: Readonly<Record<string, string>>,
): Promise<string[]> {
  const notes: string[] = [];
  for (const name of folders) {
    const folder = name.replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
    const why = await cannotCarry(from, to, folder);
    if (why === "carried") continue;
    if (why !== undefined) {
      notes.push(`${name} is not carried: ${why}`);
      continue;
    }
    const links = await copyTree(from, to, folder, mark);
    if (links > 0) notes.push(`${folder}: ${links} symbolic ${links === 1 ? "link" : "links"} out of the worktree left out`);
  }
  return notes;
}

async function cannotCarry(from: string, to: string, folder: string): Promise<string | undefined> {
  const source = join(from, folder);
  if (folder === "" || !isPlain(folder)) return "not a plain path inside the repository";
  if (!existsSync(source)) return "it does not exist";
  if (lstatSync(source).isSymbolicLink()) return "a symbolic link is in its path";
  if (!lstatSync(source).isDirectory()) return "it is not a folder; .worktreeinclude is for files";
  if ((await gitMaybe(from, ["check-ignore", "--quiet", "--", folder])) === undefined) return "git does not ignore it";
  const target = join(to, folder);
  if (isRealDir(target) && (await gitMaybe(to, ["ls-files", "--error-unmatch", "--", `:(top,literal)${folder}`])) === undefined)
    return "carried";
  if (existsSync(target)) return "the worktree has something of that name";
  return makeParents(from, to, folder);
}

/** Into a folder beside, renamed when it is whole: half a copy is never taken for one. @returns how many links were left out. */
async function copyTree(from: string, to: string, folder: string, mark: Readonly<Record<string, string>>): Promise<number> {
  const target = join(to, folder);
  const beside = `${target}.copse-partial`;
  rmSync(beside, { recursive: true, force: true });
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C", ...mark };
  const { exitCode, stderr } = await runCommand("cp", [...copyFlags, "--", join(from, folder), beside], { env, timeoutMs: 30 * 60_000 });
  if (exitCode !== 0) {
    rmSync(beside, { recursive: true, force: true });
    throw new CopseError("COMMAND_FAILED", `copying ${join(from, folder)} into the worktree failed: ${stderr.trim().slice(-500)}`, {
      hint: "Free space, or take the folder out of `carry`.",
    });
  }
  const dropped = await dropEscapingLinks(beside, realpathSync(to));
  renameSync(beside, target);
  return dropped;
}

/** A link that leads out of the worktree would let an agent write somewhere else. */
async function dropEscapingLinks(dir: string, root: string): Promise<number> {
  const breathe = breather();
  let dropped = 0;
  const walk = async (at: string): Promise<void> => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (entry.isSymbolicLink() && !isWithin(whereTo(at, path), root)) {
        rmSync(path);
        dropped++;
      }
    }
    await breathe();
  };
  await walk(dir);
  return dropped;
}

const isWithin = (path: string, root: string): boolean => path === root || path.startsWith(root + sep);

/** Where a link ends; one that leads nowhere, where its text points. */
function whereTo(at: string, link: string): string {
  try {
    return realpathSync(link);
  } catch {
    return resolve(realpathSync(at), readlinkSync(link));
  }
}
