/** The mark beside a state's word: turning while it runs, a check when completed, a warning when a person is needed. Never alone, so never read out. */
import type { MarkKind } from "../pure/groups.ts";

const paths: Readonly<Record<MarkKind, string>> = {
  running: "M8 2a6 6 0 1 1-5.2 3",
  completed: "M3 8.5l3.2 3.2L13 4.8",
  needs: "M8 2.2L14.6 13.6H1.4zM8 6.6v3M8 11.5v.6",
  failed: "M4 4l8 8M12 4l-8 8",
  stopped: "M4.2 4.2h7.6v7.6H4.2z",
  queued: "M8 3a5 5 0 1 1 0 10a5 5 0 0 1 0-10",
};

export const Mark = ({ kind }: { kind: MarkKind }) => (
  <svg class={`mark mark-${kind}`} viewBox="0 0 16 16" aria-hidden="true">
    <path d={paths[kind]} />
  </svg>
);
