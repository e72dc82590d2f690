/**
 * The dashboard's server: on loopback, at one port, for whoever has been let in. Every request passes the gate (`gate.ts`) first, then says who it is (`access.ts`); only then it is looked at.
 * Loaded by the runner only while somebody may come in.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { CopseError, messageOf, systemCode } from "../core/errors.ts";
import { peerUid } from "../system/peer.ts";
import { Access, keyFits, type Session } from "./access.ts";
import { type Entered, enterPath, eventsPath, keyHeader, leavePath, leverPath, type Refused } from "./api.ts";
import { Feed, type Slots } from "./feed.ts";
import * as gate from "./gate.ts";
import { type PageFile, pageFiles } from "./page-files.ts";
import { type Deeds, deedsOf } from "./press.ts";
import { answerTo, type Reads } from "./reads.ts";
import { stream } from "./stream.ts";

/** Every user of this machine can connect: who sends nothing or next to nothing is hung up on, and there are never so many that none of our own files can be opened. */
const limits = {
  headersTimeout: 5000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 1000,
  keepAliveTimeout: 10_000,
  maxHeaderSize: 16 * 1024,
} as const;
const mostConnections = 2000;
const mostStreams = 64;
const mostBytes = 1024 * 1024;
const cookieSeconds = 3 * 86_400;

/** A runner that is just leaving has the port for a moment more. */
const patienceMs = 3000;

/** What the server is told by the runner. */
export interface UiHouse {
  readonly state: string;
  readonly epoch: number;
  readonly version: string;
  slots(): Slots;
  say(line: string): void;
}

export interface Dashboard {
  readonly port: number;
  /** May anybody come in, now or later? */
  readonly open: boolean;
  /** Is anybody there or expected, or anything being done for one? */
  readonly busy: boolean;
  token(): string;
  /** Lets nobody in any more, from now on. */
  clear(): void;
  close(): Promise<void>;
}

/** `port` undefined: as the last time. @throws CopseError PORT_TAKEN */
export async function serve(house: UiHouse, port: number | undefined): Promise<Dashboard> {
  const access = new Access(house.state);
  const feed = new Feed(house.state, house.epoch, house.slots, house.say);
  const room: Room = {
    access,
    feed,
    files: pageFiles(),
    reads: { house, feed },
    deeds: deedsOf(house.state, feed),
    say: house.say,
  };
  const server = createServer(limits, (request, response) => {
    handle(request, response, room).catch((error: unknown) => {
      if (request.destroyed && !request.complete) return;
      house.say(`dashboard: ${error instanceof Error ? error.stack : String(error)}`);
      refuse(response, {
        status: 500,
        code: "BUG",
        message: `this is a bug of Copse's: ${messageOf(error)}`,
        hint: "See copse runner logs",
      });
    });
  });
  server.maxConnections = mostConnections;
  await listen(server, access, port);
  house.say(`the dashboard is at http://127.0.0.1:${access.port}/`);
  return {
    port: access.port,
    get open() {
      return access.open;
    },
    get busy() {
      return feed.listeners > 0 || room.deeds.underWay > 0 || access.expecting;
    },
    token: () => access.token(),
    clear: () => access.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const seen = new WeakMap<Socket, boolean>();

/** Of another user of this machine? Root may be a forwarder between two machines, and could do anything anyhow. Looked at with a connection's first request, so that one that says nothing costs nothing. */
function isForeign(socket: Socket): boolean {
  const known = seen.get(socket);
  if (known !== undefined) return known;
  const uid = peerUid(socket.remotePort ?? 0, socket.localPort ?? 0);
  const foreign = uid !== undefined && uid !== 0 && uid !== process.getuid?.();
  seen.set(socket, foreign);
  return foreign;
}

interface Room {
  readonly access: Access;
  readonly feed: Feed;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly reads: Reads;
  readonly deeds: Deeds;
  readonly say: (line: string) => void;
}

async function listen(server: Server, access: Access, wanted: number | undefined): Promise<void> {
  let port = wanted ?? access.port;
  const until = performance.now() + patienceMs;
  for (let others = 0; ; ) {
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host: "127.0.0.1", port, exclusive: true }, () => {
          server.off("error", reject);
          resolve();
        });
      });
      return access.movedTo(port);
    } catch (error) {
      const taken = systemCode(error) === "EADDRINUSE";
      if (taken && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
      else if (taken && wanted === undefined && others++ < 20) port = access.anotherPort();
      else if (taken || systemCode(error) === "EACCES")
        throw new CopseError("PORT_TAKEN", `port ${port} ${taken ? "is another program's" : "may not be used"}`, {
          hint: "Leave the choice to Copse: copse ui",
        });
      else throw error;
    }
  }
}

async function handle(request: IncomingMessage, response: ServerResponse, room: Room): Promise<void> {
  if (isForeign(request.socket)) return void request.socket.destroy();
  const { method = "", url = "" } = request;
  // Of two names none counts.
  const headers = request.headersDistinct["host"]?.length === 1 ? request.headers : { ...request.headers, host: undefined };
  const { access } = room;
  const refusal = gate.refusalOf({ method, url, headers }, access.port);
  if (refusal !== undefined) return refuse(response, refusal);
  const file = room.files.get(url.split("?", 1)[0] as string);
  if (file !== undefined && method !== "POST") return send(response, 200, file.type, method === "HEAD" ? "" : file.data);
  const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
  if (pathname === "/" && method !== "POST")
    return refuse(response, { status: 503, code: "NO_PAGE", message: "this build of Copse has no page in it", hint: "npm run build" });
  if (method === "POST" && pathname === enterPath) return await enter(request, response, access);
  const who = () =>
    gate
      .cookiesOf(headers.cookie, access.port)
      .map((cookie) => access.session(cookie))
      .find((one) => one !== undefined);
  const session = who();
  if (session === undefined) return refuse(response, gate.notEntered);
  if (method === "POST") return await change(request, response, room, session, pathname);
  if (pathname === eventsPath) {
    if (method === "HEAD") return send(response, 200, "text/event-stream", "");
    if (room.feed.listeners >= mostStreams) return refuse(response, gate.tooMany);
    return stream(
      request,
      response,
      room.feed,
      String(headers["last-event-id"] ?? searchParams.get("last") ?? ""),
      () => who() !== undefined,
    );
  }
  const said = await answerTo(pathname, searchParams, room.reads).catch((error: unknown) => {
    if (error instanceof CopseError) return error;
    throw error;
  });
  if (said === undefined) return refuse(response, gate.noSuchPath);
  if (said instanceof CopseError)
    return refuse(response, { status: statusOf(said), code: said.code, message: said.message, hint: said.hint });
  sendJson(response, 200, said);
}

async function enter(request: IncomingMessage, response: ServerResponse, access: Access): Promise<void> {
  const body = await jsonOf(request);
  if (body === "too large") return refuse(response, gate.tooLarge);
  const token = (body as { token?: unknown } | null)?.token;
  const given = typeof token === "string" && token.length < 200 ? access.enter(token) : undefined;
  if (given === undefined) return refuse(response, gate.notEntered);
  response.setHeader("set-cookie", gate.cookieFor(access.port, given.cookie, cookieSeconds));
  sendJson(response, 200, { key: given.key } satisfies Entered);
}

async function change(request: IncomingMessage, response: ServerResponse, room: Room, session: Session, path: string): Promise<void> {
  if (!keyFits(session, String(request.headers[keyHeader]))) return refuse(response, gate.wrongKey);
  if (path !== leverPath && path !== leavePath) return refuse(response, gate.noSuchPath);
  const body = await jsonOf(request);
  if (body === "too large") return refuse(response, gate.tooLarge);
  if (path === leavePath) {
    room.access.leave(session);
    response.setHeader("set-cookie", gate.cookieFor(room.access.port, "", 0));
    return sendJson(response, 200, {});
  }
  const done = await room.deeds.press(body);
  if ("status" in done) return refuse(response, done);
  sendJson(response, 200, done);
}

/** `undefined` for what is no JSON. */
async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) return "too large";
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

const statusOf = ({ code }: CopseError): number => (code.endsWith("NOT_FOUND") ? 404 : code === "USAGE" ? 400 : 409);

const sendJson = (response: ServerResponse, status: number, said: unknown): void =>
  send(response, status, "application/json; charset=utf-8", JSON.stringify(said));

function send(response: ServerResponse, status: number, type: string, data: string | Buffer): void {
  response.writeHead(status, { ...gate.guardHeaders, "content-type": type, "content-length": Buffer.byteLength(data) }).end(data);
}

/** What is left of a body that nobody reads is not waited for. */
function refuse(response: ServerResponse, { status, code, message, hint }: gate.Refusal): void {
  if (response.headersSent) return void response.destroy();
  response.setHeader("connection", "close");
  sendJson(response, status, { error: { code, message, hint } } satisfies Refused);
}
