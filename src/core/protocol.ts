/** What commands and the runner say to each other: one JSON object a line, over the runner's socket. The task's log carries everything that matters; this only wakes. */

import type { ErrorCode } from "./errors.ts";

export const protocol = 1;

export type Ask =
  | { readonly do: "hello"; readonly proto: number; readonly version: string }
  /** Something was appended to this task's log: look at it now. */
  | { readonly do: "poke"; readonly repoId: string; readonly id: string }
  | { readonly do: "status" }
  /** The configuration or the queue's settings have changed. */
  | { readonly do: "settings" }
  /** Serve the dashboard from now on (on this port), or no more. */
  | { readonly do: "ui"; readonly port?: number; readonly stop?: true }
  /** Leave; runs go on. `handover`: only if the asker's version is newer. */
  | { readonly do: "leave"; readonly handover?: string };

export interface Hello {
  readonly proto: number;
  readonly version: string;
  readonly epoch: number;
  readonly pid: number;
  readonly node: string;
}

export type Answer =
  | { readonly hello: Hello }
  | { readonly poked: true }
  | { readonly status: RunnerStatus }
  /** `token` is good once; null when it was told to stop. */
  | { readonly ui: { readonly port: number; readonly token: string } | null }
  | { readonly refused: { readonly code: ErrorCode; readonly message: string; readonly hint: string } }
  | { readonly leaving: boolean }
  | { readonly error: string };

export interface RunnerStatus extends Hello {
  readonly since: string;
  readonly limit: number;
  readonly configuredLimit: number;
  readonly paused: boolean;
  readonly running: number;
  readonly waiting: number;
  readonly open: number;
  readonly rssMb: number;
}

/** a < b, number by number. */
export function isOlder(a: string, b: string): boolean {
  const parts = (version: string) => version.split(/[.+-]/).map((part) => Number.parseInt(part, 10) || 0);
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) if ((x[i] ?? 0) !== (y[i] ?? 0)) return (x[i] ?? 0) < (y[i] ?? 0);
  return false;
}
