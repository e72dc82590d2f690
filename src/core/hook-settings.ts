/** What a configuration says about hooks: those a person writes, and the gates that are ready-made. */

/** One hook: a shell command, or a program with its arguments. */
export interface CommandHook {
  readonly type: "command";
  readonly command: string;
  readonly args?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
  /** Started and not waited for. */
  readonly async?: boolean;
}

/** As in Claude Code's settings: event → matchers with their hooks. */
export type UserHooks = Readonly<Record<string, readonly { readonly matcher?: string; readonly hooks: readonly CommandHook[] }[]>>;

export interface Gates {
  /** Refuses a build or test that is running already in the same folder. */
  readonly "no-duplicate-work"?: boolean;
  /** Refuses background work beyond so many, of one session and of all on this machine. */
  readonly "limit-background"?: { readonly session?: number; readonly machine?: number };
  /** Keeps the main agent from ending its turn while work it started runs in the background. */
  readonly "stop-when-done"?: boolean;
  /** Keeps a teammate from idling while its own background work runs. */
  readonly "teammate-idle"?: boolean;
  /** Keeps a teammate from idling when it has not reported in this turn. */
  readonly "report-back"?: boolean;
  /** Keeps the lead from ending its turn while a teammate works. */
  readonly "lead-stall"?: boolean;
}

export type GateName = keyof Gates;
