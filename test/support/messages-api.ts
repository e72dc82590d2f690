/**
 * A scripted Messages API on loopback: what a model would say is decided by a test, so the real Claude Code can be driven without a model or a login.
 * Every request is recorded; side requests (token counts, titles, classifiers) are answered harmlessly and never reach the script.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The part of a request's body that scripts look at. */
export interface MessagesBody {
  readonly model: string;
  readonly stream?: boolean;
  readonly system?: string | readonly Block[];
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly content: string | readonly Block[] }[];
  readonly tools?: readonly { readonly name: string }[];
}
export interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: unknown;
  readonly is_error?: boolean;
}

/** One answer of the scripted model. */
export type Reply =
  | MessageReply
  | { readonly kind: "error"; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: unknown }
  | { readonly kind: "cut"; readonly when: "at-once" | "mid-stream" };

export interface MessageReply {
  readonly kind: "message";
  readonly blocks: readonly Block[];
  readonly delayMs: number;
}

/** Decides each answer from what was said so far; or a list, walked by `turn`, whose last answer is repeated. */
export type Script = readonly Reply[] | ((body: MessagesBody, call: number) => Reply | Promise<Reply>);

/** `kind` tells the conversation's own requests (`main`) from those the client makes for itself. */
export interface Seen {
  readonly kind: "main" | "side";
  readonly method: string;
  readonly path: string;
  readonly body: MessagesBody | null;
  /** Milliseconds since the server started. */
  readonly atMs: number;
}

export interface MessagesApi {
  readonly url: string;
  readonly requests: readonly Seen[];
  /** The conversation's own requests only. */
  main(): readonly Seen[];
  close(): Promise<void>;
}

/** Starts the server on a free port of 127.0.0.1. A script that throws answers 400 with its message. */
export async function startMessagesApi(script: Script): Promise<MessagesApi> {
  const began = Date.now();
  const requests: Seen[] = [];
  let calls = 0;
  const server = createServer((req, res) => {
    answer(req, res).catch((error: unknown) => {
      if (!res.headersSent) sendJson(res, 400, errorBody("invalid_request_error", String(error)));
      else res.destroy();
    });
  });
  // A destroyed socket is part of some scripts.
  server.on("clientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    main: () => requests.filter((seen) => seen.kind === "main"),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = (req.url ?? "/").split("?")[0] ?? "/";
    const raw = await bodyOf(req);
    const body = path.startsWith("/v1/messages") && raw !== "" ? (JSON.parse(raw) as MessagesBody) : null;
    const kind = path === "/v1/messages" && body && isConversation(body) ? "main" : "side";
    requests.push({ kind, method: req.method ?? "", path, body, atMs: Date.now() - began });
    if (path === "/v1/messages/count_tokens") return sendJson(res, 200, { input_tokens: Math.ceil(raw.length / 4) });
    if (path !== "/v1/messages" || !body)
      return sendJson(res, req.method === "HEAD" || path === "/" ? 200 : 404, errorBody("not_found_error", path));
    if (kind === "side") return sendMessage(res, body, text(sideText(body)));
    const reply =
      typeof script === "function" ? await script(body, calls++) : (script[Math.min(turn(body), script.length - 1)] ?? text("Done."));
    if (reply.kind === "cut" && reply.when === "at-once") return void res.destroy();
    if (reply.kind === "error") return sendJson(res, reply.status, reply.body, reply.headers);
    await sendMessage(res, body, reply);
  }
}

/** The model says something and ends its turn. */
export const text = (words: string, options: { readonly delayMs?: number } = {}): MessageReply =>
  message([{ type: "text", text: words }], options);

/** The model calls one tool. */
export const toolUse = (name: string, input: unknown, options: { readonly delayMs?: number } = {}): MessageReply =>
  message([{ type: "tool_use", name, input }], options);

/** The model answers with several blocks; ids of tool calls are made here. */
export const message = (blocks: readonly Block[], options: { readonly delayMs?: number } = {}): MessageReply => ({
  kind: "message",
  blocks,
  delayMs: options.delayMs ?? 0,
});

/** The provider refuses, with the error type that belongs to the status unless another is given. */
export function error(
  status: number,
  options: { readonly message?: string; readonly type?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Reply {
  const types: Record<number, string> = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
    529: "overloaded_error",
  };
  const type = options.type ?? types[status] ?? "api_error";
  return { kind: "error", status, headers: options.headers ?? {}, body: errorBody(type, options.message ?? type) };
}

/** The usage limit of a login: 429 with the headers that name when it resets. */
export function usageLimit(resetsAt: Date, claim = "five_hour"): Reply {
  const reset = String(Math.floor(resetsAt.getTime() / 1000));
  return error(429, {
    headers: {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": reset,
      "anthropic-ratelimit-unified-representative-claim": claim,
      "anthropic-ratelimit-unified-overage-status": "rejected",
      "anthropic-ratelimit-unified-overage-disabled-reason": "org_level_disabled",
      "retry-after": String(Math.max(1, Math.ceil((resetsAt.getTime() - Date.now()) / 1000))),
    },
  });
}

/** The connection breaks: before any answer, or in the middle of one. */
export const cut = (when: "at-once" | "mid-stream" = "at-once"): Reply => ({ kind: "cut", when });

/** How many answers the model has given in this conversation; a script's place in it, whatever was retried. */
export const turn = (body: MessagesBody): number => body.messages.filter((each) => each.role === "assistant").length;

/** The person's own first words: the first user text that is not a reminder of the client. */
export function firstUserText(body: MessagesBody): string {
  return userTexts(body)[0] ?? "";
}

/** All texts of user messages but the client's reminders, in order. */
export function userTexts(body: MessagesBody): readonly string[] {
  return body.messages
    .filter((each) => each.role === "user")
    .flatMap((each) =>
      typeof each.content === "string"
        ? [each.content]
        : each.content.flatMap((block) => (block.type === "text" && block.text !== undefined ? [block.text] : [])),
    )
    .filter((words) => !words.trimStart().startsWith("<system-reminder>"));
}

/** The results the client sent for the model's last tool calls. */
export function toolResults(body: MessagesBody): readonly { readonly text: string; readonly isError: boolean }[] {
  const last = body.messages.at(-1);
  if (!last || typeof last.content === "string") return [];
  return last.content
    .filter((block) => block.type === "tool_result")
    .map((block) => ({
      text: typeof block.content === "string" ? block.content : JSON.stringify(block.content),
      isError: block.is_error === true,
    }));
}

/** The client's own requests (titles, classifiers, quota checks) carry no tools. */
function isConversation(body: MessagesBody): boolean {
  return (body.tools?.length ?? 0) > 0;
}

/** A side request that names a JSON shape gets an object; what it holds does not matter to the run. */
function sideText(body: MessagesBody): string {
  const system = typeof body.system === "string" ? body.system : (body.system ?? []).map((block) => block.text ?? "").join("\n");
  return /json/i.test(system) ? '{"isNewTopic":false,"title":"scripted","state":"done","detail":"scripted"}' : "scripted";
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

const errorBody = (type: string, words: string) => ({ type: "error", error: { type, message: words } });

function sendJson(res: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  res.writeHead(status, { "content-type": "application/json", "request-id": nextId("req"), ...headers });
  res.end(JSON.stringify(body));
}

let ids = 0;
// Unlike between servers and runs, as a client may keep ids of an earlier session it takes up again.
const nextId = (kind: string): string => `${kind}_${Date.now().toString(36)}${(++ids).toString(36).padStart(4, "0")}`;
const usage = (output: number) => ({
  input_tokens: 1000,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens: output,
});

async function sendMessage(res: ServerResponse, body: MessagesBody, reply: MessageReply | Extract<Reply, { kind: "cut" }>): Promise<void> {
  const blocks =
    reply.kind === "message"
      ? reply.blocks.map((block) => (block.type === "tool_use" ? { id: nextId("toolu"), ...block } : block))
      : [{ type: "text", text: "half a sen" }];
  const stop_reason = blocks.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn";
  const head = { id: nextId("msg"), type: "message", role: "assistant", model: body.model, stop_sequence: null };
  if (reply.kind === "message" && reply.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, reply.delayMs));
  if (!body.stream) {
    if (reply.kind === "cut") return void res.destroy();
    return sendJson(res, 200, { ...head, content: blocks, stop_reason, usage: usage(50) });
  }
  res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache", "request-id": nextId("req") });
  const send = (type: string, data: object) => res.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  send("message_start", { message: { ...head, content: [], stop_reason: null, usage: usage(1) } });
  blocks.forEach((block, index) => {
    const isTool = block.type === "tool_use";
    send("content_block_start", { index, content_block: isTool ? { ...block, input: {} } : { type: "text", text: "" } });
    send("content_block_delta", {
      index,
      delta: isTool
        ? { type: "input_json_delta", partial_json: JSON.stringify(block.input ?? {}) }
        : { type: "text_delta", text: block.text ?? "" },
    });
    if (reply.kind === "message") send("content_block_stop", { index });
  });
  if (reply.kind === "cut") {
    // What was written goes out first; then the connection is gone.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return void res.destroy();
  }
  send("message_delta", { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 50 } });
  send("message_stop", {});
  res.end();
}
