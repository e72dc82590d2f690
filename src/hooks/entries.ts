/** Entries of Copse's in Claude Code's settings, and how they are known again: by themselves, without a record. */

export interface HookEntry {
  readonly type: "http" | "command";
  readonly [field: string]: unknown;
}

/** By the event's name. */
export type SettingsHooks = Readonly<Record<string, readonly { readonly matcher?: string; readonly hooks: readonly HookEntry[] }[]>>;

/** Where Copse receives hooks, of whatever port: an http entry to such an address is ours. */
export const hooksUrl = (port: number): string => `http://127.0.0.1:${port}${hooksPath}`;
export const hooksPath = "/copse/hooks";
/** Behind it in the settings of a task's run, which are in no file of a person's. */
export const taskPath = "/task";

/** A command entry whose command ends so is ours; to the shell it is a comment. */
export const commandMark = " # copse hooks";

export function isOurs(entry: HookEntry): boolean {
  const { type, url, command } = entry;
  if (type === "http") return typeof url === "string" && /^http:\/\/127\.0\.0\.1:\d{1,5}\/copse\/hooks$/.test(url);
  return type === "command" && typeof command === "string" && command.endsWith(commandMark);
}
