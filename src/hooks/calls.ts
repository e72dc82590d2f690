/** The calls of a turn, in their order: many small maps instead of one, so that the thousandth costs no more to add than the first. Pure. */
import { under } from "./event.ts";

export interface Call {
  readonly tool_name: string;
  readonly failed: boolean;
}

/** By the id of the call. Only the last map is ever filled up. */
export type Calls = readonly Readonly<Record<string, Call>>[];

const most = 64;

const found = (calls: Calls, id: string): number => calls.findLastIndex((some) => Object.hasOwn(some, id));

/** With this call, in the place it had before if it was known. */
export function withCall(calls: Calls, id: string, call: Call): Calls {
  const at = found(calls, id);
  const known = at < 0 ? undefined : under(calls[at] ?? {}, id);
  if (known?.tool_name === call.tool_name && known.failed === call.failed) return calls;
  if (at >= 0) return calls.with(at, { ...calls[at], [id]: call });
  const last = calls.at(-1);
  if (last === undefined || Object.keys(last).length >= most) return [...calls, { [id]: call }];
  return calls.with(-1, { ...last, [id]: call });
}

export function callOf(calls: Calls, id: string): Call | undefined {
  return under(calls[found(calls, id)] ?? {}, id);
}

export const allCalls = (calls: Calls): Call[] => calls.flatMap((some) => Object.values(some));

/** "" when there was none. */
export const lastCallId = (calls: Calls): string => Object.keys(calls.at(-1) ?? {}).at(-1) ?? "";
