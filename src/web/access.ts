/**
 * Who is let in. `copse ui` gets a token that is good once and for ten minutes; it is exchanged for a cookie and a key: the cookie opens what can be read, every change needs the key as well, which a browser
 * shows to no other port. Only hashes are on disk, so the next runner knows them again. While anybody may come in the dashboard is served, and no longer.
 */
import { createHash, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { dirname } from "node:path";
import { makeDir, readMaybe, replaceFile } from "../store/files.ts";
import { uiAccessFile } from "../store/paths.ts";

const tokenMs = 10 * 60_000;
/** Since it was last used. */
const sessionMs = 3 * 86_400_000;
/** Of sessions and of tokens; the oldest make room. */
const most = 50;

/** Below the ports that systems give out by themselves. */
const ports = [20_000, 32_000] as const;

interface Grant {
  readonly kind: "token" | "session";
  readonly hash: string;
  readonly key: string;
  readonly until: number;
}

interface Kept {
  readonly port: number;
  readonly grants: readonly Grant[];
}

export class Access {
  readonly #file: string;
  readonly #now: () => number;
  port: number;
  #grants: readonly Grant[];

  constructor(state: string, now: () => number = Date.now) {
    this.#file = uiAccessFile(state);
    this.#now = now;
    const kept = parsed(readMaybe(this.#file));
    this.port = kept?.port ?? randomInt(...ports);
    this.#grants = kept?.grants ?? [];
  }

  /** May anybody come in? */
  get open(): boolean {
    return this.#alive().length > 0;
  }

  /** Has somebody an address to open yet? */
  get expecting(): boolean {
    return this.#alive().some(({ kind }) => kind === "token");
  }

  token(): string {
    const token = secret();
    this.#keep([...this.#alive(), { kind: "token", hash: hashed(token), key: "", until: this.#now() + tokenMs }]);
    return token;
  }

  /** Good once. undefined for any other. */
  enter(token: string): { readonly cookie: string; readonly key: string } | undefined {
    const found = this.#find("token", token);
    if (found === undefined) return undefined;
    const given = { cookie: secret(), key: secret() };
    const session: Grant = { kind: "session", hash: hashed(given.cookie), key: hashed(given.key), until: this.#now() + sessionMs };
    this.#keep([...this.#alive().filter((one) => one !== found), session]);
    return given;
  }

  /** A session by its cookie, good for a while longer from now on. */
  session(cookie: string): Grant | undefined {
    const found = this.#find("session", cookie);
    if (found === undefined || found.until - this.#now() > sessionMs * 0.9) return found;
    const longer = { ...found, until: this.#now() + sessionMs };
    this.#keep(this.#alive().map((one) => (one === found ? longer : one)));
    return longer;
  }

  leave(session: Grant): void {
    this.#keep(this.#alive().filter((one) => one.hash !== session.hash));
  }

  /** Nobody is let in any more. */
  clear(): void {
    this.#keep([]);
  }

  movedTo(port: number): void {
    this.port = port;
    this.#keep(this.#alive());
  }

  anotherPort(): number {
    return randomInt(...ports);
  }

  #alive(): readonly Grant[] {
    return this.#grants.filter(({ until }) => until > this.#now());
  }

  #find(kind: Grant["kind"], given: string): Grant | undefined {
    const hash = hashed(given);
    let found: Grant | undefined;
    for (const grant of this.#alive()) if (grant.kind === kind && same(grant.hash, hash)) found = grant;
    return found;
  }

  #keep(grants: readonly Grant[]): void {
    this.#grants = grants.slice(-most);
    makeDir(dirname(this.#file));
    replaceFile(this.#file, JSON.stringify({ port: this.port, grants: this.#grants } satisfies Kept));
  }
}

/** Is this the key that was given with the session's cookie? */
export const keyFits = (session: Grant, key: string): boolean => same(session.key, hashed(key));
export type Session = Grant;

const secret = (): string => randomBytes(32).toString("base64url");
const hashed = (text: string): string => createHash("sha256").update(text).digest("hex");

function same(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}

/** A damaged file lets nobody in. */
function parsed(text: string | undefined): Kept | undefined {
  try {
    const { port, grants } = JSON.parse(text ?? "") as Kept;
    const sound = (one: Grant) =>
      ["token", "session"].includes(one.kind) &&
      typeof one.hash === "string" &&
      typeof one.key === "string" &&
      typeof one.until === "number";
    return Number.isInteger(port) && port > 0 && port < 65_536 && Array.isArray(grants) && grants.every(sound)
      ? { port, grants }
      : undefined;
  } catch {
    return undefined;
  }
}
