/**
 * The loopback port for hook events: `POST /copse/hooks` with an event, as Claude Code's hooks of `type: http` send it. Only a program that holds a token is heard: the port is open to every user of
 * this machine and to every web page in a browser, so the name it was called by (`Host`) has to be ours, and nothing that comes from a page (`Origin`, `Sec-Fetch-*`) is taken.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { messageOf, systemCode } from "../core/errors.ts";
import { type Access, accessOf, anotherPort, scopeOf } from "./access.ts";
import type { Answer } from "./answer.ts";
import { hooksPath, taskPath } from "./entries.ts";
import { type HookEvent, hookEvent } from "./event.ts";

/** A tool's answer can be large; what is larger than this is no event. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Every user of this machine can connect: who sends nothing or next to nothing is hung up on, and there are never so many that none of our own files can be opened. An answer may take as long as a
 * hook does.
 */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 60_000,
  maxHeaderSize: 16 * 1024,
} as const;
const mostConnections = 2000;

/** A runner that is just leaving has the port for a moment more. */
const patienceMs = 3000;
const againMs = 50;

/** `undefined`: the token is not for that session. */
type Receive = (event: HookEvent, scope: string) => Promise<Answer | undefined>;

/** Listens on the port of this state folder, or, where that stays another program's, on another. */
export async function receive(state: string, handle: Receive, say: (line: string) => void, patience = patienceMs): Promise<Server> {
  let access = accessOf(state);
  const server = createServer(limits, (request, response) => {
    answer(request, response, access, handle).catch((error: unknown) => {
      // Hung up on in the middle of an event: nobody is there to be told.
      if (request.destroyed && !request.complete) return;
      say(`hooks: ${messageOf(error)}`);
      end(response, 500, "this is a bug of Copse's; the event is lost");
    });
  });
  server.maxConnections = mostConnections;
  const until = performance.now() + patience;
  for (let tries = 1; ; ) {
    try {
      await listening(server, access.port);
      return server;
    } catch (error) {
      if (systemCode(error) !== "EADDRINUSE" || tries === 20) throw error;
      if (performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, againMs));
        continue;
      }
      tries++;
      say(`hooks: port ${access.port} is another program's; where hooks were installed they have to be again: copse hooks install`);
      access = anotherPort(state);
    }
  }
}

const listening = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port }, () => {
      server.off("error", reject);
      resolve();
    });
  });

async function answer(request: IncomingMessage, response: ServerResponse, access: Access, handle: Receive): Promise<void> {
  const refusal = refusalOf(request, access);
  const scope = scopeOf(access, (request.headers.authorization ?? "").replace(/^Bearer /, ""));
  if (refusal !== undefined || scope === undefined) return end(response, 403, refusal ?? "no token that is good here");
  if (request.url !== hooksPath && request.url !== hooksPath + taskPath) return end(response, 404, `there is ${hooksPath} only`);
  if (request.method !== "POST") return end(response, 405, "POST only");
  const text = await bodyOf(request);
  if (text === undefined) return end(response, 413, "too large for an event");
  const event = hookEvent(text);
  if (event === undefined) return end(response, 400, "not a hook event");
  const said = await handle(event, scope);
  if (said === undefined) return end(response, 403, "the token is not for this session");
  const body = JSON.stringify(said);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body);
}

function refusalOf({ headers }: IncomingMessage, { port }: Access): string | undefined {
  if (headers.host !== `127.0.0.1:${port}`) return "not called by its own name";
  if (headers.origin !== undefined || Object.keys(headers).some((name) => name.startsWith("sec-fetch-"))) return "web pages are not heard";
  return undefined;
}

function end(response: ServerResponse, status: number, why: string): void {
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify({ error: why });
  // What is left of a body that nobody reads is not waited for.
  response
    .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body), connection: "close" })
    .end(body);
}

async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
