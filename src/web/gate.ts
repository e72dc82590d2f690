/** Whether a request is heard at all, by what its headers say: pure, and asked of every route, files and errors too. Any web page in the person's browser, and any program of this machine, can send one. */

import { keyHeader } from "./api.ts";

export interface Asked {
  readonly method: string;
  readonly url: string;
  /** Lower-case names; several of one name are one text with commas. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

const refusal = (status: number, code: string, message: string, hint: string | null = null): Refusal => ({ status, code, message, hint });

/** The names it may be called by: a foreign name that leads here (DNS rebinding) is somebody else's page. */
const namesOf = (port: number): readonly string[] => [`127.0.0.1:${port}`, `localhost:${port}`];

/** Why not; undefined when it is heard. Who asks is another question (`access.ts`). */
export function refusalOf({ method, url, headers }: Asked, port: number): Refusal | undefined {
  const host = headers["host"];
  if (typeof host !== "string" || !namesOf(port).includes(host))
    return refusal(421, "MISDIRECTED", `this is not ${JSON.stringify(host ?? "")}`, `The dashboard is at http://127.0.0.1:${port}/`);
  if (!url.startsWith("/") || url.startsWith("//")) return refusal(400, "BAD_REQUEST", "a path is expected");
  const origin = headers["origin"];
  if (origin !== undefined && origin !== `http://${host}`) return foreign;
  const site = headers["sec-fetch-site"];
  // `same-site` is another port of this machine.
  if (site !== undefined && site !== "same-origin" && site !== "none") return foreign;
  if (method === "GET" || method === "HEAD") return undefined;
  if (method !== "POST") return refusal(405, "BAD_METHOD", `${method} is not taken here`);
  const type = headers["content-type"];
  if (typeof type !== "string" || !/^application\/json\s*(?:;\s*charset=utf-8\s*)?$/i.test(type))
    return refusal(415, "BAD_TYPE", "a change is sent as application/json");
  if (typeof headers[keyHeader] !== "string" || headers[keyHeader] === "")
    return refusal(403, "NO_KEY", "a change carries the header X-Copse");
  return undefined;
}

const foreign = refusal(403, "FOREIGN", "pages of other addresses are not heard here", "Open it by: copse ui");
export const notEntered = refusal(401, "NOT_ENTERED", "you have not been let in here, or it was too long ago", "Open it anew: copse ui");
export const wrongKey = refusal(403, "NO_KEY", "the key in X-Copse is not the one of this session", "Open it anew: copse ui");
export const noSuchPath = refusal(404, "NOT_FOUND", "there is no such page");
export const badRequest = (message: string): Refusal => refusal(400, "BAD_REQUEST", message);
export const tooLarge = refusal(413, "TOO_LARGE", "that is too large");
export const tooMany = refusal(503, "BUSY", "too many pages are connected", "Close some of them.");

/** Every value of the cookie of this port. */
export function cookiesOf(header: string | readonly string[] | undefined, port: number): string[] {
  const name = `${cookieName(port)}=`;
  return String(header ?? "")
    .split(/;\s*/)
    .filter((part) => part.startsWith(name))
    .map((part) => part.slice(name.length));
}

/** Cookies know no ports: another runner's on this machine is another's. */
export const cookieName = (port: number): string => `copse-${port}`;

export const cookieFor = (port: number, value: string, seconds: number): string =>
  `${cookieName(port)}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}`;

/** On every answer. */
export const guardHeaders: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
