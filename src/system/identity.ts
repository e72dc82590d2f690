/** Who a process is: pid, kernel start time and boot. A pid alone says nothing (it is reused), and a zombie is dead. Linux by /proc, elsewhere by `ps`. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { systemCode } from "../core/errors.ts";
import type { Identity } from "../core/task.ts";

const hasProc = process.platform === "linux";
const neutral = { LC_ALL: "C", TZ: "UTC", PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
let boot: string | undefined;

/** Names this boot of the machine. COPSE_BOOT_ID replaces it in tests of a restart. */
export function bootId(): string {
  boot ??=
    process.env["COPSE_BOOT_ID"] ??
    (hasProc
      ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
      : execFileSync("sysctl", ["-n", "kern.boottime"], { encoding: "utf8", env: neutral }).trim());
  return boot;
}

/** This process. */
export const me = (): Identity => ({ pid: process.pid, start: startOf(process.pid) ?? "", boot: bootId() });

/** Does the very process of that identity live? */
export const isAlive = (who: Identity): boolean => who.boot === bootId() && who.start !== "" && startOf(who.pid) === who.start;

interface Stat {
  readonly parent: number;
  readonly state: string;
  readonly group: number;
  readonly start: string;
}

function statOf(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    // Only these say "there is none" (or none of ours); a look that failed, for want of file descriptors say, does not.
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes(systemCode(error))) return undefined;
    throw error;
  }
  // Behind the command name, which may hold anything: state is field 3, parent 4, process group 5, start time 22.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(fields[1]), state: fields[0] ?? "", group: Number(fields[2]), start: fields[19] ?? "" };
}

/** Start time of a live process; undefined when there is none, or only its zombie. */
export function startOf(pid: number): string | undefined {
  if (hasProc) {
    const stat = statOf(pid);
    return stat === undefined || stat.state === "Z" || stat.state === "X" ? undefined : stat.start;
  }
  try {
    const [state, ...start] = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], { encoding: "utf8", env: neutral })
      .trim()
      .split(/\s+/);
    return state === undefined || state.startsWith("Z") ? undefined : start.join(" ");
  } catch {
    return undefined;
  }
}

/** A process and all that it has started, and what those have (Linux; elsewhere only itself). */
export function familyOf(pid: number): Set<number> {
  const parents = new Map<number, number>();
  if (hasProc)
    for (const name of readdirSync("/proc")) {
      const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
      if (stat !== undefined) parents.set(Number(name), stat.parent);
    }
  const family = new Set([pid]);
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const [child, parent] of parents) if (family.has(parent)) family.add(child);
  }
  return family;
}

/**
 * Live processes that belong to a run: those with its cookie (`COPSE_RUN=<cookie>`) in their environment, wherever they went,
 * and the members of process group `group` while at least one of them carries the cookie or is `leader` itself.
 */
export function processesOf(cookie: string, leader: Identity | null): number[] {
  const all = hasProc ? scanProc(cookie) : scanPs(cookie);
  const marked = all.filter((one) => one.marked);
  const groups = new Set(marked.map((one) => one.group));
  if (leader && isAlive(leader)) groups.add(leader.pid);
  const own = leader ? leader.pid : 0;
  return all.filter((one) => one.pid !== process.pid && (one.marked || (one.group === own && groups.has(own)))).map((one) => one.pid);
}

interface Seen {
  readonly pid: number;
  readonly group: number;
  readonly marked: boolean;
}

function scanProc(cookie: string): Seen[] {
  const mark = `COPSE_RUN=${cookie}`;
  const seen: Seen[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const pid = Number(name);
    const stat = statOf(pid);
    if (stat === undefined || stat.state === "Z" || stat.state === "X") continue;
    seen.push({ pid, group: stat.group, marked: environHas(pid, mark) });
  }
  return seen;
}

function environHas(pid: number, mark: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`.includes(`\0${mark}\0`);
  } catch {
    return false;
  }
}

function scanPs(cookie: string): Seen[] {
  const mark = ` COPSE_RUN=${cookie} `;
  const out = execFileSync("ps", ["-axEww", "-o", "pid=,pgid=,state=,command="], { encoding: "utf8", env: neutral, maxBuffer: 64 << 20 });
  return out.split("\n").flatMap((row) => {
    const [, pid, group, state, rest] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s(.*)$/.exec(row) ?? [];
    if (pid === undefined || state === undefined || state.startsWith("Z")) return [];
    return [{ pid: Number(pid), group: Number(group), marked: ` ${rest} `.includes(mark) }];
  });
}
