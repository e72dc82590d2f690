/**
 * Where the runner receives hook events, and who may bring them. The port stays the same over runners, as it stands in settings files. A token names what it is for and is signed with a secret of this
 * state folder, so none has to be remembered: `task.<id>` speaks for that task's session alone, `sessions` for those that are no task's.
 */
import { createHmac, randomBytes, randomInt, timingSafeEqual } from "node:crypto";
import { linkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../core/errors.ts";
import { makeDir, readMaybe, replaceFile, writeNew } from "../store/files.ts";
import { hooksDir } from "../store/paths.ts";

export interface Access {
  readonly port: number;
  readonly secret: string;
}

/** Below the ports that systems give out by themselves. */
const ports = [20_000, 32_000] as const;

const accessFile = (state: string): string => join(hooksDir(state), "access");

/** Made at the first time; of several that make it at once, one is everybody's. */
export function accessOf(state: string): Access {
  const file = accessFile(state);
  const known = parsed(readMaybe(file));
  if (known !== undefined) return known;
  makeDir(hooksDir(state));
  const made: Access = { port: randomInt(...ports), secret: randomBytes(32).toString("hex") };
  const beside = `${file}.${process.pid}.tmp`;
  writeNew(beside, JSON.stringify(made));
  try {
    linkSync(beside, file);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    // Somebody else's, or damaged.
    if (parsed(readMaybe(file)) === undefined) replaceFile(file, JSON.stringify(made));
  } finally {
    unlinkSync(beside);
  }
  return parsed(readMaybe(file)) ?? made;
}

/** The port is another program's: another one is tried. What was installed with the old one has to be installed again. */
export function anotherPort(state: string): Access {
  const access = { ...accessOf(state), port: randomInt(...ports) };
  replaceFile(accessFile(state), JSON.stringify(access));
  return access;
}

function parsed(text: string | undefined): Access | undefined {
  try {
    const { port, secret } = JSON.parse(text ?? "") as Access;
    return Number.isInteger(port) && typeof secret === "string" && secret.length === 64 ? { port, secret } : undefined;
  } catch {
    return undefined;
  }
}

/** For sessions that are no task's. */
export const anySession = "sessions";
export const taskScope = (id: string): string => `task.${id}`;

export const tokenFor = ({ secret }: Access, scope: string): string => `${scope}.${sign(secret, scope)}`;

/** What a token is for; undefined for one that is not ours. */
export function scopeOf({ secret }: Access, token: string): string | undefined {
  const dot = token.lastIndexOf(".");
  const scope = token.slice(0, Math.max(0, dot));
  const [given, right] = [Buffer.from(token.slice(dot + 1)), Buffer.from(sign(secret, scope))];
  return given.length === right.length && timingSafeEqual(given, right) ? scope : undefined;
}

const sign = (secret: string, scope: string): string =>
  createHmac("sha256", Buffer.from(secret, "hex")).update(`hooks ${scope}`).digest("hex");
