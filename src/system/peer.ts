/** Whose program is at the other end of a connection over loopback: Linux tells; elsewhere nobody knows. */
import { readFileSync } from "node:fs";

/** Their user's number. `port`: of the other end; `ours`: of this one. undefined where it cannot be seen. */
export function peerUid(port: number, ours: number): number | undefined {
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    try {
      const uid = uidIn(readFileSync(file, "latin1"), port, ours);
      if (uid !== undefined) return uid;
    } catch {
      // Another system.
    }
  }
  return undefined;
}

/** In such a table: `number local remote state queues timer retransmits uid …`; addresses of either version end in that of 127.0.0.1. */
export function uidIn(table: string, port: number, ours: number): number | undefined {
  const [from, to] = [`0100007F:${hex(port)}`, `0100007F:${hex(ours)}`];
  for (let at = table.indexOf(from); at >= 0; at = table.indexOf(from, at + 1)) {
    const line = table.slice(table.lastIndexOf("\n", at) + 1, table.indexOf("\n", at));
    const [, local = "", remote = "", , , , , uid] = line.trim().split(/\s+/);
    if (local.endsWith(from) && remote.endsWith(to)) return Number(uid);
  }
  return undefined;
}

const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, "0");
