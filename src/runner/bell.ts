/**
 * The runner's bell: a named pipe (mkfifo(3)) beside its socket. A command rings it by writing one line, `repoId id`, and does not wait; that takes 0.1 ms where
 * the socket takes 10. The kernel says at once when nobody listens. A ring that is lost with the runner is made up for by the next one's taking stock.
 */
import { closeSync, constants, openSync, readdirSync } from "node:fs";
import { Socket } from "node:net";
import { bellName } from "../store/paths.ts";
import { runCommand } from "../system/command.ts";
import { debug } from "../system/debug.ts";
import { removeFile } from "../system/remove-file.ts";
import { version } from "../version.ts";

export interface Bell {
  close(): void;
}

/** Hangs the bell in the current folder (the runner's); none where there are no named pipes: commands use the socket then. */
export async function hangBell(ring: (repoId: string, id: string) => void): Promise<Bell> {
  const name = bellName(version);
  for (const old of readdirSync(".")) if (old.startsWith(bellName(""))) removeFile(old);
  const made = await runCommand("mkfifo", ["-m", "600", name]);
  if (made.exitCode !== 0) return { close() {} };
  // For writing too: without a writer a pipe that is read is at its end.
  const fd = openSync(name, constants.O_RDWR | constants.O_NONBLOCK);
  let socket: Socket;
  try {
    socket = new Socket({ fd, readable: true, writable: false });
  } catch (error) {
    debug(() => `no bell: ${String(error)}`);
    closeSync(fd);
    return { close() {} };
  }
  let text = "";
  socket.setEncoding("latin1");
  socket.on("error", () => {});
  socket.on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      const [, repoId, id] = /^([0-9a-f]{16}) ([a-z0-9]{1,48})$/.exec(line) ?? [];
      if (repoId !== undefined && id !== undefined) ring(repoId, id);
    }
  });
  socket.resume();
  return {
    close() {
      removeFile(name);
      socket.destroy();
    },
  };
}
