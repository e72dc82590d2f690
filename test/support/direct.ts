/** Submitting below the command line, into a sandbox's own state: for tests with more tasks than there is time for commands. The runner finds them at its next tick. */
import { slugOf } from "../../src/core/label.ts";
import { findRepository } from "../../src/git/repository.ts";
import { taskEnvironment } from "../../src/session/environment.ts";
import { createTask } from "../../src/store/tasks.ts";
import type { Sandbox } from "./sandbox.ts";
import { request } from "./task-made.ts";

export function submitDirectly(box: Sandbox, label: string, prompt: string, exec: readonly string[]): string {
  const repo = findRepository(box.repo);
  createTask(
    box.state,
    {
      label,
      madeLabel: label,
      slugOf,
      repo: repo.root,
      repoId: repo.id,
      commonDir: repo.commonDir,
      cwd: repo.top,
      request: (slug) =>
        request({
          exec,
          branchName: `copse/${slug}`,
          place: `${repo.root}/.worktrees/trees/${slug}`,
          promptBytes: Buffer.byteLength(prompt),
        }),
      prompt,
      env: taskEnvironment(box.env),
      taken: () => undefined,
      alsoClaim: undefined,
    },
    new Date(),
  );
  return label;
}
