/**
 * A forge on loopback held against its published description (Swagger 2.0): it knows the operations the description has and no others, and every call and every answer that departs from it is a
 * violation. Where a forge is known to do otherwise than it describes, that is an exception, named with its reason.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Ajv, type ErrorObject } from "ajv";

type Json = any;

export interface Call {
  /** As the description names it: `GET /repos/{owner}/{repo}/pulls`. */
  readonly operation: string;
  /** What stands for `{owner}` and the like, decoded. */
  readonly at: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Json;
  /** The header that the description wants a token in. */
  readonly login: string | undefined;
}

/** A body that is a string is sent as a page, everything else as JSON. */
export interface Answer {
  readonly status: number;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A departure from the description that is right; `from` is looked for in the violation. */
export interface Exception {
  readonly from: RegExp;
  readonly because: string;
}

export interface Described {
  readonly url: string;
  readonly calls: readonly Call[];
  readonly violations: readonly string[];
  /** The next calls of an operation are answered so. These answers are held against the description too. */
  next(operation: string, ...answers: Answer[]): void;
  /** The next calls of an operation are answered only when there are as many of them as this. */
  gather(operation: string, count: number): void;
  close(): Promise<void>;
}

const needed = new Set<Exception>();

/** Those that no call and no answer has needed so far, in this process. */
export const unneeded = (exceptions: readonly Exception[]): Exception[] => exceptions.filter((one) => !needed.has(one));

/** @param file of test/forge/ */
export async function described(file: string, exceptions: readonly Exception[], answer: (call: Call) => Answer): Promise<Described> {
  const description = read(file);
  const calls: Call[] = [];
  const violations: string[] = [];
  const canned = new Map<string, Answer[]>();
  const gathering = new Map<string, { count: number; waiting: (() => void)[] }>();
  const wrong = (what: string) => {
    const exception = exceptions.find(({ from }) => from.test(what));
    if (exception === undefined) violations.push(what);
    else needed.add(exception);
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const { status, body, headers = {} } = await answered(request, Buffer.concat(chunks).toString());
      const type = body === undefined ? {} : { "content-type": typeof body === "string" ? "text/html" : "application/json" };
      response.writeHead(status, { ...type, ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  async function answered(request: IncomingMessage, text: string): Promise<Answer> {
    const url = new URL(request.url ?? "/", "http://forge");
    const method = (request.method ?? "").toLowerCase();
    const found = operationAt(description, method, url.pathname);
    if (found === undefined) {
      wrong(`${request.method} ${url.pathname} is not described`);
      return { status: 404, body: { message: "404 Not Found" } };
    }
    const { path, at, operation } = found;
    const call: Call = {
      operation: `${request.method} ${path}`,
      at,
      query: url.searchParams,
      body: text === "" ? undefined : JSON.parse(text),
      login: loginOf(description, request),
    };
    calls.push(call);
    const not = (what: string) => wrong(`${call.operation}: ${what}`);
    const before = violations.length;
    checkRequest(description, operation, call, request.headers["content-type"], not);
    if (violations.length > before) return { status: 400, body: { message: violations.slice(before).join("; ") } };
    await gathered(call.operation);
    const said = canned.get(call.operation)?.shift() ?? answer(call);
    checkAnswer(description, operation, said, not);
    return said;
  }

  async function gathered(operation: string): Promise<void> {
    const group = gathering.get(operation);
    if (group === undefined) return;
    await new Promise<void>((resolve) => {
      group.waiting.push(resolve);
      if (group.waiting.length < group.count) return;
      gathering.delete(operation);
      for (const go of group.waiting) go();
    });
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    violations,
    next: (operation, ...answers) => void canned.set(operation, [...(canned.get(operation) ?? []), ...answers]),
    gather: (operation, count) => void gathering.set(operation, { count, waiting: [] }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

interface Description {
  readonly document: Json;
  /** Tells of every place where the value is not as the schema has it. */
  hold(schema: Json, value: Json, where: string, wrong: Wrong): void;
}

type Wrong = (what: string) => void;

const files = new Map<string, Description>();

function read(file: string): Description {
  const known = files.get(file);
  if (known !== undefined) return known;
  const document: Json = JSON.parse(readFileSync(new URL(`../forge/${file}`, import.meta.url), "utf8"));
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true, verbose: true });
  ajv.addSchema({ $id: "doc", definitions: closed(document.definitions) });
  const compiled = new Map<string, ReturnType<typeof ajv.compile>>();
  const description: Description = {
    document,
    hold(schema, value, where, wrong) {
      const text = JSON.stringify(closed(schema)).replaceAll('"#/definitions/', '"doc#/definitions/');
      const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text));
      compiled.set(text, validate);
      if (!validate(value)) for (const error of validate.errors ?? []) wrong(`${where} ${sayError(error)}`);
    },
  };
  files.set(file, description);
  return description;
}

function checkRequest({ document, hold }: Description, operation: Json, call: Call, type: string | undefined, wrong: Wrong): void {
  const parameters: Json[] = operation.parameters ?? [];
  const named = (place: string, name: string) => parameters.find((one) => one.in === place && [one.name, `${one.name}[]`].includes(name));
  if (call.login === undefined) wrong("request has no token where one is described");
  for (const [name, text] of Object.entries(call.at))
    hold(valueSchema(named("path", name)), typed(named("path", name), [text]), `path ${name}`, wrong);
  for (const name of new Set(call.query.keys())) {
    const parameter = named("query", name);
    if (parameter === undefined) wrong(`query ${name} is not described`);
    else hold(valueSchema(parameter), typed(parameter, call.query.getAll(name)), `query ${name}`, wrong);
  }
  for (const { name, required } of parameters.filter((one) => one.in === "query"))
    if (required === true && !call.query.has(name)) wrong(`query ${name} is missing`);
  const body = parameters.find((one) => one.in === "body");
  if (call.body === undefined) {
    if (body?.required === true) wrong("request body is missing");
    return;
  }
  if (body === undefined) return void wrong("request has a body, and none is described");
  const taken: string[] = operation.consumes ?? document.consumes ?? [];
  if (!taken.includes(type ?? "")) wrong(`request body is ${type}, and ${taken.join(", ")} is described`);
  hold(body.schema, call.body, "request", wrong);
}

function checkAnswer({ document, hold }: Description, operation: Json, { status, body }: Answer, wrong: Wrong): void {
  const shape = resolved(document, operation.responses[String(status)]);
  if (shape === undefined) return void wrong(`answer ${status} is not described`);
  if (shape.schema !== undefined) hold(shape.schema, body, `answer ${status}`, wrong);
}

function operationAt(
  { document }: Description,
  method: string,
  pathname: string,
): { path: string; at: Record<string, string>; operation: Json } | undefined {
  for (const [path, operations] of Object.entries(document.paths as Record<string, Json>)) {
    const pattern = `${document.basePath ?? ""}${path}`.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
    const match = new RegExp(`^${pattern}$`).exec(pathname);
    if (match === null || operations[method] === undefined) continue;
    const at = Object.fromEntries(Object.entries(match.groups ?? {}).map(([name, text]) => [name, decodeURIComponent(text)]));
    return { path, at, operation: operations[method] };
  }
  return undefined;
}

function loginOf({ document }: Description, request: IncomingMessage): string | undefined {
  const headers = Object.values(document.securityDefinitions as Record<string, Json>).filter((one) => one.in === "header");
  return headers.map(({ name }) => request.headers[name.toLowerCase()]).find((value) => typeof value === "string") as string | undefined;
}

const resolved = (document: Json, value: Json): Json =>
  value?.$ref === undefined
    ? value
    : value.$ref
        .split("/")
        .slice(1)
        .reduce((part: Json, step: string) => part[step], document);

/** Of a parameter, what JSON Schema understands. */
const valueSchema = ({ name, in: place, required, collectionFormat, ...schema }: Json): Json => schema;

/** A parameter's text as a value of the type it is described with; what is none of that type stays text, and so is found. */
function typed(parameter: Json, texts: readonly string[]): Json {
  if (parameter.type === "array") return texts.map((text) => typed(parameter.items, [text]));
  const [text = ""] = texts;
  if (texts.length > 1) return texts;
  if (parameter.type === "integer" && /^-?\d+$/.test(text)) return Number(text);
  return parameter.type === "boolean" && /^(true|false)$/.test(text) ? text === "true" : text;
}

/** An object whose fields are described has no others. */
function closed(value: Json): Json {
  if (Array.isArray(value)) return value.map(closed);
  if (value === null || typeof value !== "object") return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, closed(one)]));
  return value.type === "object" && value.properties !== undefined ? { additionalProperties: false, ...inner } : inner;
}

function sayError({ instancePath, keyword, params, message, data }: ErrorObject): string {
  const at = instancePath.replace(/\/\d+(?=\/|$)/g, "/*");
  if (keyword === "additionalProperties") return `${at}/${params["additionalProperty"]} is not described`;
  const said = keyword === "type" ? `is ${kindOf(data)}, must be ${params["type"]}` : (message ?? keyword);
  return at === "" ? said : `${at} ${said}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}
