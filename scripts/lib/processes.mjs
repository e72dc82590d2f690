/** Live processes by a word in their environment: how the scripts find what a test or a demo left running. Linux; elsewhere it finds nothing. */
import { readdirSync, readFileSync } from "node:fs";

/** Pids and command lines of the processes whose environment has a variable that begins with `start` (`NAME=value…`). */
export function processesWith(start) {
  let names;
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      if (/\) [ZX] /.test(readFileSync(`/proc/${name}/stat`, "latin1"))) return [];
      if (!`\0${readFileSync(`/proc/${name}/environ`, "latin1")}`.includes(`\0${start}`)) return [];
      return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ").trim().slice(0, 200) }];
    } catch {
      return [];
    }
  });
}
