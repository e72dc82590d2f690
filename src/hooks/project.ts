/** What the person's and a project's configuration say about hooks for a session in some folder. A project's hooks count once a person has trusted them, by content. */
import { messageOf } from "../core/errors.ts";
import type { Gates, UserHooks } from "../core/hook-settings.ts";
import { findRepository, type Repository } from "../git/repository.ts";
import { loadConfig } from "../store/config.ts";
import { executableOf, isTrusted } from "../store/trust.ts";

export interface Project {
  /** null outside of a repository. */
  readonly repoId: string | null;
  readonly hooks: UserHooks;
  readonly gates: Gates;
}

/** Files are looked at again after this long: hooks come many a second. */
const freshMs = 1000;

export class Projects {
  readonly #state: string;
  readonly #say: (line: string) => void;
  readonly #known = new Map<string, { readonly project: Project; readonly at: number }>();

  constructor(state: string, say: (line: string) => void) {
    this.#state = state;
    this.#say = say;
  }

  of(cwd: string): Project {
    const known = this.#known.get(cwd);
    if (known !== undefined && performance.now() - known.at < freshMs) return known.project;
    // A configuration that cannot be read changes nothing while it is so.
    const project = this.#look(cwd) ?? known?.project ?? { repoId: null, hooks: {}, gates: {} };
    if (this.#known.size > 1000) this.#known.clear();
    this.#known.set(cwd, { project, at: performance.now() });
    return project;
  }

  #look(cwd: string): Project | undefined {
    const repo = repositoryAt(cwd);
    try {
      // Of the main checkout: a worktree is an agent's to write in.
      const { config, project } = loadConfig(repo === undefined || repo.bare ? null : repo.root);
      const what = repo === undefined ? undefined : executableOf(project, repo.id);
      const trusted = what === undefined || repo === undefined || isTrusted(what, repo.id, this.#state);
      return { repoId: repo?.id ?? null, hooks: trusted ? config.hooks : loadConfig(null).config.hooks, gates: config.gates };
    } catch (error) {
      this.#say(`hooks: ${messageOf(error)}`);
      return undefined;
    }
  }
}

function repositoryAt(cwd: string): Repository | undefined {
  try {
    return findRepository(cwd);
  } catch {
    return undefined;
  }
}
