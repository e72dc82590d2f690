/** A hook event of Claude Code, as it stands on a hook's standard input. Of its fields only those used here are named; the rest is passed on as it came. */
export interface HookEvent {
  readonly hook_event_name: string;
  readonly session_id: string;
  /** The turn it belongs to. */
  readonly prompt_id?: string;
  /** Of a subagent or teammate; absent for the main agent. */
  readonly agent_id?: string;
  readonly [field: string]: unknown;
}

/** undefined for what is no hook event. */
export function hookEvent(text: string): HookEvent | undefined {
  try {
    const value = JSON.parse(text) as HookEvent | null;
    return typeof value?.hook_event_name === "string" && typeof value.session_id === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** The object in a field, or an empty one. */
export function objectIn(of: Fields, field: string): Fields {
  const value = of[field];
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The text in a field, or undefined. */
export function textIn(of: Fields, field: string): string | undefined {
  const value = of[field];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** What a map has under a key that came from outside; names of an object's own machinery are none of it. */
export const under = <T>(map: Readonly<Record<string, T>>, key: string): T | undefined => (Object.hasOwn(map, key) ? map[key] : undefined);
