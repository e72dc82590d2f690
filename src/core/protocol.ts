/** What commands and the runner say to each other: one JSON object a line, over the runner's socket. The task's log carries everything that matters; this only wakes. */

export const protocol = 1;

export type Ask =
  | { readonly do: "hello"; readonly proto: number; readonly version: string }
  /** Something was appended to this task's log: look at it now. */
  | { readonly do: "poke"; readonly repoId: string; readonly id: string }
  | { readonly do: "status" }
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
  | { readonly leaving: boolean }
  | { readonly error: string };

export interface RunnerStatus extends Hello {
  readonly since: string;
  readonly limit: number;
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
