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

/** `undefined`: the token is not for that session. */
type Receive = (event: HookEvent, scope: string) => Promise<Answer | undefined>;

/** Listens on the port of this state folder, or, where that is another program's, on another. */
export async function receive(state: string, handle: Receive, say: (line: string) => void): Promise<Server> {
  let access = accessOf(state);
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request, response, access, handle).catch((error: unknown) => {
      say(`hooks: ${messageOf(error)}`);
      end(response, 500, "this is a bug of Copse's; the event is lost");
    });
  });
  for (let tries = 1; ; tries++) {
    try {
      await listening(server, access.port);
      return server;
    } catch (error) {
      if (systemCode(error) !== "EADDRINUSE" || tries === 20) throw error;
      say(`hooks: port ${access.port} is another program's`);
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
