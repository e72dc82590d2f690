/** Which program a project of yarn 2 or newer is managed by: the one that `yarn` comes to there, asked in a folder of its own with what decides that and nothing else of the project. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CopseError } from "../core/errors.ts";
import { safeLine } from "../core/safe.ts";
import { type Ran, runCommand } from "../system/command.ts";
import { which } from "../system/which.ts";
import type { Command } from "./ecosystem.ts";

export interface Program {
  readonly command: Command;
  readonly version: string;
}

/** What decides in a project which yarn it is. */
export interface Wanting {
  /** Its `packageManager`. */
  readonly named: string | undefined;
  /** Its `yarnPath`: a yarn that is checked in. */
  readonly release: { readonly path: string; readonly text: string } | undefined;
}

/** Nobody is to be asked anything, and the manifest is not to be written into. */
export const quietCorepack = { COREPACK_ENABLE_DOWNLOAD_PROMPT: "0", COREPACK_ENABLE_AUTO_PIN: "0" } as const;

/** Corepack may have to download it first. */
const patienceMs = 5 * 60_000;

/** @throws CopseError COMMAND_FAILED */
export async function programOf(wanting: Wanting, env: Readonly<Record<string, string>>): Promise<Program> {
  const dir = mkdtempSync(join(tmpdir(), "copse-yarn-"));
  try {
    layOut(dir, wanting);
    for (let tried: readonly Tried[] = []; ; ) {
      const next = decide(wanting, tried);
      if ("program" in next) return next.program;
      const [file, ...args] = next.ask;
      const options = { cwd: dir, env: { ...env, ...quietCorepack }, timeoutMs: patienceMs };
      const ran = which(file, options.env, dir) === undefined ? null : await runCommand(file, [...args, "--version"], options);
      tried = [...tried, { command: next.ask, ran }];
    }
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

function layOut(dir: string, { named, release }: Wanting): void {
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name: "asked", private: true, packageManager: named }));
  writeFileSync(join(dir, "yarn.lock"), "");
  if (release === undefined) return;
  mkdirSync(dirname(join(dir, release.path)), { recursive: true });
  writeFileSync(join(dir, release.path), release.text);
  writeFileSync(join(dir, ".yarnrc.yml"), `yarnPath: ${JSON.stringify(release.path)}\n`);
}

/** A program that was asked for its version, and what it said. */
export interface Tried {
  readonly command: Command;
  /** null: it is not on PATH. */
  readonly ran: Ran | null;
}

/** What to ask next, or which it is. Pure. @throws CopseError COMMAND_FAILED where it is none */
export function decide({ named, release }: Wanting, tried: readonly Tried[]): { ask: Command } | { program: Program } {
  const last = tried.at(-1);
  if (last === undefined) return { ask: ["yarn"] };
  const { command, ran } = last;
  const version = ran?.exitCode === 0 ? /^\d+\.\d+\.\d+\S*$/.exec(ran.stdout.trim())?.[0] : undefined;
  if (version !== undefined && !version.startsWith("1.")) return { program: { command, version } };
  // Since 1.22 it says which one should be there instead, and exits.
  const one = version ?? /current global version of Yarn is (1\.[\w.-]+)/.exec(`${ran?.stdout}\n${ran?.stderr}`)?.[1];
  const asked = `yarn ${named?.replace(/^yarn@/, "").replace(/\+.*/, "") ?? "2 or newer"}`;
  if (tried.length === 1 && (ran === null || one !== undefined)) {
    if (release !== undefined) return { ask: ["node", release.path] };
    if (ran === null) return { ask: ["corepack", "yarn"] };
  }
  if (ran === null)
    throw new CopseError("COMMAND_FAILED", `this repository is managed by ${asked}, and there is no yarn on PATH`, {
      hint: "npm install --global corepack && corepack enable; it brings the yarn that a project names",
    });
  if (one !== undefined)
    throw new CopseError("COMMAND_FAILED", `this repository is managed by ${asked}, and the yarn on PATH is ${safeLine(one, 20)}`, {
      hint:
        named === undefined
          ? "Install a newer yarn, or have the project say which one it wants: yarn set version stable"
          : "npm install --global corepack && corepack enable; it brings the yarn that a project names. Where yarn 1 was installed for itself: npm uninstall --global yarn",
    });
  throw new CopseError("COMMAND_FAILED", `\`${command.join(" ")} --version\` ${endOf(ran)}${saidBy(ran)}`, {
    hint: `The repository asks for ${asked}. See in it why: ${command.join(" ")} --version`,
  });
}

const endOf = ({ exitCode }: Ran): string => (exitCode === null ? "was ended before it said anything" : `exited ${exitCode}`);

function saidBy({ stdout, stderr }: Ran): string {
  const lines = `${stderr}\n${stdout}`.split("\n").filter((line) => line.trim() !== "" && line.length < 400);
  const line = lines.find((one) => /^\s*\w*error\b/i.test(one)) ?? lines[0];
  return line === undefined ? "" : `: ${safeLine(line.trim(), 300)}`;
}
