/** A browser's side of the dashboard, without a browser: gets in by a token, reads, presses levers, listens to the event stream. Asynchronous throughout: server and sandbox are other processes. */
import { type IncomingMessage, request } from "node:http";
import type { Lever } from "../../src/web/levers.ts";
import type { Sandbox } from "./sandbox.ts";

export interface Said {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

export interface Ask {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** One request as given, with `Host` as a browser would send it unless told; a header that is undefined is left out. */
export function ask({ port, path, method = "GET", headers = {}, body }: Ask): Promise<Said> {
  const all = Object.fromEntries(Object.entries({ host: `127.0.0.1:${port}`, ...headers }).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers: all as Record<string, string>, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }),
      );
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

export interface Message {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: any;
}

export interface Listening {
  readonly messages: readonly Message[];
  /** When the stream was closed by the other side. */
  readonly closed: Promise<void>;
  close(): void;
}

export interface Client {
  readonly port: number;
  readonly cookie: string;
  readonly key: string;
  get(path: string): Promise<any>;
  post(path: string, body: unknown): Promise<Said>;
  /** A lever that can be pressed; its answer. */
  press(lever: Lever): Promise<any>;
  /** @param lastId the id of the last message one has */
  listen(lastId?: string): Promise<Listening>;
}

/** Starts the dashboard as a person does. */
export async function startUi(box: Sandbox, args: readonly string[] = []): Promise<{ url: string; port: number; token: string }> {
  const { ui } = await box.json(["ui", "--no-open", ...args]);
  return { url: ui.url, port: ui.port, token: /#token=([\w-]+)/.exec(ui.url)?.[1] ?? "" };
}

export async function enter(port: number, token: string): Promise<Client> {
  const headers = { "content-type": "application/json", "x-copse": "enter", origin: `http://127.0.0.1:${port}` };
  const said = await ask({ port, path: "/api/enter", method: "POST", headers, body: JSON.stringify({ token }) });
  if (said.status !== 200) throw new Error(`not let in: ${said.status} ${said.text}`);
  const cookie = String(said.headers["set-cookie"]).split(";")[0] as string;
  return clientOf(port, cookie, JSON.parse(said.text).key as string);
}

export async function uiClient(box: Sandbox): Promise<Client> {
  const { port, token } = await startUi(box);
  return await enter(port, token);
}

export function clientOf(port: number, cookie: string, key: string): Client {
  const headers = { cookie, "sec-fetch-site": "same-origin" };
  const post: Client["post"] = (path, body) =>
    ask({
      port,
      path,
      method: "POST",
      headers: { ...headers, origin: `http://127.0.0.1:${port}`, "content-type": "application/json", "x-copse": key },
      body: JSON.stringify(body),
    });
  return {
    port,
    cookie,
    key,
    post,
    async get(path) {
      const said = await ask({ port, path, headers });
      if (said.status !== 200) throw new Error(`GET ${path}: ${said.status} ${said.text}`);
      return JSON.parse(said.text);
    },
    async press(lever) {
      const said = await post("/api/lever", lever);
      if (said.status !== 200) throw new Error(`${JSON.stringify(lever)}: ${said.status} ${said.text}`);
      return JSON.parse(said.text);
    },
    listen: (lastId) => listen(port, { ...headers, ...(lastId === undefined ? {} : { "last-event-id": lastId }) }),
  };
}

/** Settles once the stream is open. */
function listen(port: number, headers: Readonly<Record<string, string>>): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: "/api/events", headers, agent: false }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`the stream says ${response.statusCode}`));
      const messages: Message[] = [];
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        const parts = text.split("\n\n");
        text = parts.pop() ?? "";
        for (const part of parts) {
          const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(part)?.[1];
          const data = field("data");
          if (data !== undefined) messages.push({ id: field("id"), event: field("event") ?? "message", data: JSON.parse(data) });
        }
      });
      const closed = new Promise<void>((done) => {
        response.on("close", done);
        response.on("error", () => done());
      });
      resolve({ messages, closed, close: () => asked.destroy() });
    });
    asked.on("error", reject);
    asked.end();
  });
}
