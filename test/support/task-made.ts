/** Tasks made directly in a state folder, for tests below the command line. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evolve } from "../../src/core/evolve.ts";
import { slugOf } from "../../src/core/label.ts";
import type { Request, Task } from "../../src/core/task.ts";
import { createTask } from "../../src/store/tasks.ts";

export const repoId = "0123456789abcdef";

export const request = (more: Partial<Request> = {}): Request => ({
  title: "a title",
  promptBytes: 0,
  followUps: [],
  agent: "claude",
  model: null,
  exec: ["true"],
  command: null,
  agentArgs: [],
  permissionMode: null,
  allow: [],
  base: null,
  worktree: true,
  branchName: "copse/x",
  place: "/nowhere/x",
  verify: [],
  fix: 0,
  deliver: "report",
  pr: { draft: true, labels: [], reviewers: [], autoMerge: null, showCost: false },
  priority: 0,
  group: null,
  tags: [],
  timeoutMs: null,
  retries: 0,
  setup: null,
  setupTimeoutMs: 1000,
  carry: [],
  groupLimit: null,
  repoLimit: null,
  maxCostUsd: null,
  notify: null,
  ...more,
});

/** A task as its log would tell it, without one; `more` over it. */
export const someTask = (more: Partial<Task> = {}, wanted: Partial<Request> = {}): Task => ({
  ...evolve(undefined, {
    type: "added",
    format: 1,
    id: "x",
    label: "x",
    slug: "x",
    repo: "/r",
    repoId: "0",
    cwd: "/r",
    request: request(wanted),
    seq: 1,
    at: "2026-01-01T00:00:00.000Z",
    epoch: 0,
  }),
  ...more,
});

/** @returns a fresh state folder, and how to be rid of it. */
export function stateFolder(): { state: string; remove: () => void } {
  const state = mkdtempSync(join(tmpdir(), "copse-state-"));
  return { state, remove: () => rmSync(state, { recursive: true, force: true }) };
}

export function newTask(
  state: string,
  label = `t-${randomBytes(4).toString("hex")}`,
  more: Partial<Request> = {},
  prompt = "a prompt",
): Task {
  return createTask(
    state,
    {
      label,
      madeLabel: label,
      slugOf,
      repo: "/nowhere",
      repoId,
      commonDir: "/nowhere/.git",
      cwd: "/nowhere",
      request: () => request(more),
      prompt,
      env: {},
      taken: () => undefined,
      alsoClaim: undefined,
    },
    new Date(),
  );
}
