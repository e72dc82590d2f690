/** The runner's ear: a unix socket in its own 0700 folder, one JSON object a line, answers in the same order. Bad input gets an error and a closed connection. */
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Answer, Ask } from "../core/protocol.ts";
import { socketName } from "../store/paths.ts";

const maxLineBytes = 64 * 1024;
const silenceMs = 30_000;

/** Listens in the current folder (the runner's), replacing a socket a dead runner left: the caller holds the epoch. */
export async function listen(answer: (ask: Ask) => Answer | Promise<Answer>): Promise<Server> {
  rmSync(socketName, { force: true });
  const before = process.umask(0o077);
  const server = createServer((socket) => serve(socket, answer));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(socketName, resolve);
  });
  process.umask(before);
  return server;
}

function serve(socket: Socket, answer: (ask: Ask) => Answer | Promise<Answer>): void {
  let text = "";
  let turn: Promise<void> = Promise.resolve();
  socket.setEncoding("utf8");
  socket.setTimeout(silenceMs, () => socket.destroy());
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: string) => {
    text += chunk;
    for (;;) {
      const end = text.indexOf("\n");
      if (end < 0) break;
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      turn = turn.then(() => reply(socket, line, answer));
    }
    if (text.length > maxLineBytes) refuse(socket, "a line is too long");
  });
}

async function reply(socket: Socket, line: string, answer: (ask: Ask) => Answer | Promise<Answer>): Promise<void> {
  try {
    const ask = JSON.parse(line) as Ask;
    if (ask === null || typeof ask !== "object" || typeof ask.do !== "string") throw new Error("not a request");
    const said = await answer(ask);
    if (!socket.destroyed) socket.write(`${JSON.stringify(said)}\n`);
  } catch (error) {
    refuse(socket, (error as Error).message);
  }
}

function refuse(socket: Socket, why: string): void {
  if (!socket.destroyed) socket.end(`${JSON.stringify({ error: why } satisfies Answer)}\n`);
}
