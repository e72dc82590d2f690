/** Asks the server: reads with the cookie, changes with the key as well. */
import { type Done, type Entered, type ErrorJson, enterPath, keyHeader, leavePath, leverPath, type Refused } from "../api.ts";
import type { Lever } from "../levers.ts";

/** Under which the key of this browser is kept. */
export const keyName = "copse-key";

/** What the server, or the way to it, said no with. */
export class Refusal extends Error {
  readonly code: string;
  readonly hint: string | null;
  /** HTTP status; 0: the server was not reached. */
  readonly status: number;
  constructor({ code, message, hint }: ErrorJson, status: number) {
    super(message);
    this.code = code;
    this.hint = hint;
    this.status = status;
  }
}

const unreached: ErrorJson = {
  code: "RUNNER_UNREACHABLE",
  message: "the runner does not answer",
  hint: "copse ui --no-open starts it; the page comes back by itself.",
};

/** @throws Refusal */
export function read<T>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<T> {
  const given = Object.entries(query).filter((one): one is [string, string | number] => one[1] !== undefined);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return ask<T>(search === "" ? path : `${path}?${search}`, { headers: { accept: "application/json" } });
}

/** Pulls a lever: the server runs its command. @throws Refusal when it was not run at all */
export const pull = (lever: Lever): Promise<Done> =>
  ask<Done>(leverPath, {
    method: "POST",
    headers: { "content-type": "application/json", [keyHeader]: localStorage.getItem(keyName) ?? "" },
    body: JSON.stringify(lever),
  });

/** Exchanges the token of the printed address for cookie and key. It is good for once. @throws Refusal */
export async function enter(token: string): Promise<void> {
  const { key } = await ask<Entered>(enterPath, {
    method: "POST",
    headers: { "content-type": "application/json", [keyHeader]: "enter" },
    body: JSON.stringify({ token }),
  });
  localStorage.setItem(keyName, key);
}

/** Gives up cookie and key: this browser has to be let in anew. */
export async function leave(): Promise<void> {
  await ask(leavePath, {
    method: "POST",
    headers: { "content-type": "application/json", [keyHeader]: localStorage.getItem(keyName) ?? "" },
    body: "{}",
  }).catch(() => undefined);
  localStorage.removeItem(keyName);
  location.reload();
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const answer = await fetch(path, { ...init, credentials: "same-origin", cache: "no-store", redirect: "error" }).catch(() => undefined);
  if (answer === undefined) throw new Refusal(unreached, 0);
  const body = (await answer.json().catch(() => undefined)) as T | Refused | undefined;
  if (answer.ok && body !== undefined) return body as T;
  const error = (body as Partial<Refused> | undefined)?.error;
  throw new Refusal(
    error ?? { code: "UNEXPECTED", message: `the server answered ${answer.status}`, hint: "See copse runner logs." },
    answer.status,
  );
}
