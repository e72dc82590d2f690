/** Reads what `copse clean --json` prints. Pure. */

export interface CleanRow {
  readonly id: string;
  readonly label: string;
  readonly path: string;
  readonly remove: boolean;
  readonly removed: boolean;
  readonly reason: string;
  readonly bytes: number | null;
  readonly error: string | null;
}

export const cleanRows = (output: unknown): readonly CleanRow[] =>
  (output as { readonly worktrees?: readonly CleanRow[] } | null)?.worktrees ?? [];
