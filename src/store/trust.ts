/** Which commands of a repository's configuration a person has approved: by the hash of their content, per repository. One changed byte asks again. */
import { sha256 } from "../core/hash.ts";
import type { Config } from "./config.ts";
import { readMaybe } from "./files.ts";
import { stateDir, trustFile } from "./paths.ts";

/** The settings of a project that run something, tell an agent what to do, or widen what it may do; `worktrees` when it writes outside of the repository. */
const executable: readonly (keyof Config)[] = [
  "setup",
  "verify",
  "after",
  "agents",
  "permissionMode",
  "allow",
  "worktrees",
  "hooks",
  "deps",
];

function isExecutable(key: keyof Config, project: Readonly<Partial<Config>>): boolean {
  if (project[key] === undefined) return false;
  if (key === "deps") return (project.deps?.verify ?? []).length > 0;
  return key !== "worktrees" || /^[/~]|(?:^|\/)\.\.(?:\/|$)/.test(project.worktrees ?? "");
}

export interface Executable {
  /** `sha256:…` over the canonical JSON of `parts` and the repository's id. */
  readonly hash: string;
  readonly parts: Readonly<Partial<Config>>;
}

/** What in the project's configuration needs trust; undefined when nothing does. */
export function executableOf(project: Readonly<Partial<Config>>, repoId: string): Executable | undefined {
  const parts = Object.fromEntries(
    executable
      .filter((key) => isExecutable(key, project))
      .map((key) => [key, key === "deps" ? { verify: project.deps?.verify } : project[key]]),
  ) as Partial<Config>;
  if (Object.keys(parts).length === 0) return undefined;
  return {
    hash: `sha256:${sha256(`${repoId}\n${canonical(parts)}`)}`,
    parts,
  };
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(",")}}`;
}

/** Repository id → approved hashes. */
export type Book = Record<string, string[]>;

export function readBook(state: string): Book {
  try {
    return JSON.parse(readMaybe(trustFile(state)) ?? "{}") as Book;
  } catch {
    // A damaged book trusts nothing.
    return {};
  }
}

export function isTrusted(what: Executable, repoId: string, state = stateDir()): boolean {
  return (readBook(state)[repoId] ?? []).includes(what.hash);
}
