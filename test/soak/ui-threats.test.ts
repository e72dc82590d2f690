/**
 * What web pages, other programs and other users of the machine try at the dashboard's port, against a real runner: foreign names (DNS rebinding), foreign pages, missing or stolen secrets, forms of other sites,
 * frames, the event stream from elsewhere, tokens used twice, paths that climb, headers and bodies of any size, connections that say nothing.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import * as api from "../../src/web/api.ts";
import { guardHeaders } from "../../src/web/gate.ts";
import { ended, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";
import { ask, type Client, clientOf, enter, startUi, uiClient } from "../support/ui-client.ts";

let box: Sandbox;
let client: Client;
let id: string;
const tokens: string[] = [];

const own = (more: Readonly<Record<string, string | undefined>> = {}) => ({
  cookie: client.cookie,
  origin: `http://127.0.0.1:${client.port}`,
  "sec-fetch-site": "same-origin",
  ...more,
});
const changing = (more: Readonly<Record<string, string | undefined>> = {}) =>
  own({ "content-type": "application/json", "x-copse": client.key, ...more });

/** Every route there is, and some that are not. */
const routes = () => [
  "/",
  "/page.js",
  "/style.css",
  "/favicon.ico",
  "/nothing",
  api.tasksPath,
  api.taskPath(id),
  api.taskEventsPath(id),
  api.taskLogPath(id),
  api.taskDiffPath(id),
  api.taskReportPath(id),
  api.queuePath,
  api.batchesPath,
  api.batchPath("b"),
  api.timelinePath,
  api.formPath,
  api.eventsPath,
];
const isFile = (path: string) => ["/", "/page.js", "/style.css"].includes(path);

test.before(async () => {
  box = await sandbox();
  box.env["COPSE_IDLE_SECONDS"] = "600";
  const { port, token } = await startUi(box);
  tokens.push(token);
  client = await enter(port, token);
  await box.copse(["run", "-b", "--label", "work", "--exec", "--", "sh", "-c", "echo hello; echo x > x.txt"]);
  id = (await box.task("work")).id;
  await box.copse(["wait", "work"]);
});

test.after(async () => await box?.close());

test("by its own name, with the cookie, everything is there", async () => {
  for (const path of routes().filter((one) => !isFile(one) && one !== api.eventsPath && !/favicon|nothing|\/b$/.test(one)))
    assert.is((await ask({ port: client.port, path, headers: own() })).status, 200, path);
  for (const path of ["/favicon.ico", "/nothing", api.batchPath("b"), "/api", "/api/", "/api/tasks/"])
    assert.is((await ask({ port: client.port, path, headers: own() })).status, 404, path);
});

test("a foreign name that leads here gets 421 on every route, whatever it brings", async () => {
  for (const path of routes())
    for (const host of [
      "evil.example",
      `evil.example:${client.port}`,
      `127.0.0.1.nip.io:${client.port}`,
      `[::1]:${client.port}`,
      "127.0.0.1",
    ]) {
      const said = await ask({ port: client.port, path, headers: { ...own(), host } });
      assert.is(said.status, 421, `${host} ${path}`);
      assert.not.match(said.text, client.cookie);
    }
  const before = (await client.get(api.tasksPath)).tasks.length;
  const body = JSON.stringify({ do: "run", repo: box.repo, fields: { prompt: "", exec: ["true"] } });
  const said = await ask({
    port: client.port,
    path: api.leverPath,
    method: "POST",
    headers: { ...changing(), host: "evil.example" },
    body,
  });
  assert.is(said.status, 421);
  assert.is((await client.get(api.tasksPath)).tasks.length, before);
});

test("names as no HTTP library writes them: none, two, one in the request line", async () => {
  const head = `Cookie: ${client.cookie}\r\nConnection: close\r\n\r\n`;
  const raw = async (text: string) => await rawly(client.port, text);
  assert.match(await raw(`GET /api/tasks HTTP/1.0\r\n${head}`), /^HTTP\/1\.1 4(?:00|21) /);
  assert.match(await raw(`GET /api/tasks HTTP/1.1\r\n${head}`), /^HTTP\/1\.1 4(?:00|21) /);
  const twice = `Host: 127.0.0.1:${client.port}\r\nHost: evil.example\r\n`;
  assert.match(await raw(`GET /api/tasks HTTP/1.1\r\n${twice}${head}`), /^HTTP\/1\.1 4(?:00|21) /);
  assert.match(await raw(`GET /api/tasks HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1:${client.port}\r\n${head}`), /^HTTP\/1\.1 4/);
  const line = `GET http://evil.example/api/tasks HTTP/1.1\r\nHost: 127.0.0.1:${client.port}\r\n`;
  assert.match(await raw(`${line}${head}`), /^HTTP\/1\.1 400 /);
});

test("pages of other addresses, other ports and other schemes get 403 on every route, files and the event stream too", async () => {
  for (const path of routes()) {
    for (const origin of ["http://evil.example", "null", `http://127.0.0.1:${client.port + 1}`, `http://localhost:${client.port}`])
      assert.is((await ask({ port: client.port, path, headers: own({ origin }) })).status, 403, `${origin} ${path}`);
    for (const site of ["cross-site", "same-site"]) {
      const said = await ask({ port: client.port, path, headers: own({ origin: undefined, "sec-fetch-site": site }) });
      assert.is(said.status, 403, `${site} ${path}`);
    }
  }
  const preflight = await ask({
    port: client.port,
    path: api.leverPath,
    method: "OPTIONS",
    headers: { origin: "http://evil.example", "access-control-request-method": "POST", "access-control-request-headers": "x-copse" },
  });
  assert.is(preflight.status, 403);
});

test("no answer allows other origins anything, may be framed, kept or guessed at", async () => {
  const answers = [
    ...(await Promise.all(
      routes()
        .filter((path) => path !== api.eventsPath)
        .map((path) => ask({ port: client.port, path, headers: own() })),
    )),
    await ask({ port: client.port, path: "/", headers: { host: "evil.example" } }),
    await ask({ port: client.port, path: api.tasksPath }),
    await ask({ port: client.port, path: api.leverPath, method: "POST", headers: own() }),
  ];
  for (const { headers } of answers) {
    assert.equal(
      Object.keys(headers).filter((name) => name.startsWith("access-control-")),
      [],
    );
    for (const [name, value] of Object.entries(guardHeaders)) assert.is(headers[name], value, name);
  }
  const policy = guardHeaders["content-security-policy"] ?? "";
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"])
    assert.ok(policy.includes(part), part);
  assert.ok(policy.includes("require-trusted-types-for 'script'"));
  assert.not.match(policy, /unsafe|\*/);
});

test("without the cookie of this port nothing is read: none, a wrong one, another port's, another runner's", async () => {
  const other = await sandbox();
  try {
    const stranger = await uiClient(other);
    const value = client.cookie.split("=")[1];
    const cookies = [undefined, "", `copse-${client.port}=`, `copse-${client.port}=${client.key}`, `copse-${client.port + 1}=${value}`]
      .concat([stranger.cookie, `copse-${client.port}=${stranger.cookie.split("=")[1]}`, `copse-${client.port}=${value}x`])
      .concat([`${client.cookie.toUpperCase()}`, `copse-${client.port}=${tokens[0]}`]);
    for (const cookie of cookies)
      for (const path of routes().filter((one) => !isFile(one)))
        assert.is((await ask({ port: client.port, path, headers: own({ cookie }) })).status, 401, `${cookie} ${path}`);
  } finally {
    await other.close();
  }
});

test("a token is good once, and not for what a page of elsewhere brings", async () => {
  const { port, token } = await startUi(box);
  tokens.push(token);
  const post = (headers: Record<string, string | undefined>, said: string = token) =>
    ask({ port, path: api.enterPath, method: "POST", headers, body: JSON.stringify({ token: said }) });
  const good = { origin: `http://127.0.0.1:${port}`, "content-type": "application/json", "x-copse": "enter" };
  assert.is((await post({ ...good, origin: "http://evil.example" })).status, 403);
  assert.is((await post({ ...good, "content-type": "text/plain" })).status, 415);
  assert.is((await post({ ...good, "x-copse": undefined })).status, 403);
  assert.is((await post(good, `${token}a`)).status, 401);
  assert.is((await post(good, "")).status, 401);
  assert.is((await ask({ port, path: `${api.enterPath}?token=${token}`, headers: own() })).status, 404, "not in an address");
  const first = await post(good);
  assert.is(first.status, 200);
  assert.match(
    String(first.headers["set-cookie"]),
    new RegExp(`^copse-${port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/; Max-Age=\\d+$`),
  );
  assert.is((await post(good)).status, 401, "used");
  for (const old of tokens) assert.is((await post(good, old)).status, 401);
});

test("a change needs the key besides the cookie, as a header of a JSON request; forms of other sites change nothing", async () => {
  const before = (await client.get(api.tasksPath)).tasks.length;
  const body = JSON.stringify({ do: "run", repo: box.repo, fields: { prompt: "", exec: ["true"] } });
  const post = (headers: Record<string, string | undefined>, text = body) =>
    ask({ port: client.port, path: api.leverPath, method: "POST", headers, body: text });
  assert.is((await post(changing({ "x-copse": undefined }))).status, 403);
  assert.is((await post(changing({ "x-copse": "1" }))).status, 403);
  assert.is((await post(changing({ "x-copse": client.cookie.split("=")[1] as string }))).status, 403, "the cookie is not the key");
  assert.is((await post(changing({ cookie: undefined }))).status, 401);
  assert.is((await post(changing({ origin: "http://evil.example" }))).status, 403);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
    assert.is((await post(changing({ "content-type": type }))).status, 415, type);
    // As a browser sends another site's form: it can set no header, and says where it comes from.
    const form = { cookie: client.cookie, origin: "http://evil.example", "sec-fetch-site": "cross-site", "content-type": type };
    assert.is((await post(form)).status, 403, type);
  }
  for (const method of ["GET", "PUT", "DELETE", "PATCH"])
    assert.ok(
      [404, 405].includes(
        (
          await ask({
            port: client.port,
            path: api.leverPath,
            method,
            headers: changing(),
            body: method === "GET" ? undefined : body,
          } as never)
        ).status,
      ),
      method,
    );
  for (const text of [
    "",
    "{",
    "null",
    "[]",
    '{"do":"doctor"}',
    '{"do":"stop","task":"--help"}',
    '{"do":"attach","task":"abc"}',
    '{"do":"run","repo":"/etc","fields":{"prompt":"x"}}',
  ])
    assert.ok([400, 404].includes((await post(changing(), text)).status), text);
  assert.is((await client.get(api.tasksPath)).tasks.length, before, "nothing was made");
  assert.is((await post(changing())).status, 200, "and with all of it, it is");
  assert.is((await client.get(api.tasksPath)).tasks.length, before + 1);
});

test("paths that climb lead nowhere", async () => {
  const paths = [
    "/../../../etc/passwd",
    "/..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/page.js/../../package.json",
    "/ui/../copse.cjs",
  ]
    .concat([
      "/api/tasks/../../../etc/passwd",
      "/api/tasks/%2e%2e/report",
      "/api/tasks/..%2f..%2fx/report",
      `/api/tasks/${id}/../x`,
      "/page.js%00",
      "/\\..\\x",
    ])
    .concat([
      `/api/tasks/${id}/log?stream=../../prompt`,
      `/api/tasks/${id}/log?run=../1`,
      `/api/tasks/${id}/diff?path=../../etc/passwd&base=HEAD&to=HEAD`,
    ])
    .concat(["/api/batches/..%2f..%2fx", "/api/batches/%ff", "/api/tasks?ended=../x&limit=-5", "/api/timeline?since=../x"]);
  for (const path of paths) {
    const said = await ask({ port: client.port, path, headers: own() });
    assert.not.match(said.text, /root:|"version": ?"0/, path);
    assert.ok([200, 400, 404].includes(said.status), `${path}: ${said.status}`);
  }
});

test("headers and bodies of any size end in a refusal, and the runner lives", async () => {
  const { port } = client;
  const huge = await rawly(port, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${"x".repeat(100_000)}\r\n\r\n`);
  assert.match(huge, /^HTTP\/1\.1 431 /);
  const many = await rawly(port, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${"a: b\r\n".repeat(20_000)}\r\n`);
  assert.match(many, /^HTTP\/1\.1 (?:431|4\d\d|5\d\d) /);
  assert.match(await rawly(port, "\0\x01\x02 nonsense\r\n\r\n"), /^HTTP\/1\.1 400 /);
  const body = JSON.stringify({ do: "send", task: id, text: "x".repeat(3_000_000) });
  const said = await ask({ port, path: api.leverPath, method: "POST", headers: changing(), body }).catch((error: Error) => ({
    status: error.message,
  }));
  assert.ok(said.status === 413 || /ECONNRESET|EPIPE|hang up/.test(String(said.status)), String(said.status));
  await client.get(api.queuePath);
});

test("a thousand connections that say nothing keep nobody from being answered, and are hung up on", async () => {
  const { port } = client;
  const idle: Socket[] = [];
  let closed = 0;
  try {
    await Promise.all(
      Array.from(
        { length: 1000 },
        (_, i) =>
          new Promise<void>((resolve, reject) => {
            const socket = connect({ host: "127.0.0.1", port }, () => {
              // Every other one says a little, and never goes on.
              if (i % 2 === 0) socket.write("GET / HTTP/1.1\r\nHost: ");
              resolve();
            });
            socket.on("error", reject);
            socket.on("close", () => closed++);
            socket.resume();
            idle.push(socket);
          }),
      ),
    );
    await client.get(api.queuePath);
    await waitFor(() => closed === 1000, "all of them to be closed by the other side", 60_000).catch((error: Error) => {
      throw new Error(`${error.message}: ${closed} are`);
    });
    await client.get(api.queuePath);
  } finally {
    for (const socket of idle) socket.destroy();
  }
});

test("more event streams than anybody needs are refused, and those there are go on", async () => {
  const streams = await Promise.all(Array.from({ length: 64 }, () => client.listen()));
  try {
    assert.is((await ask({ port: client.port, path: api.eventsPath, headers: own() })).status, 503);
    await waitFor(() => streams.every(({ messages }) => messages.some(({ event }) => event === "reset")), "each to begin");
  } finally {
    for (const stream of streams) stream.close();
  }
  await waitFor(
    () =>
      client.listen().then(
        (one) => {
          one.close();
          return true;
        },
        () => false,
      ),
    "room again",
  );
});

test("no other address of the machine leads to it", async () => {
  const others = Object.values(networkInterfaces())
    .flat()
    .filter((one) => one !== undefined && !one.internal)
    .map((one) => one?.address ?? "");
  for (const host of [...others, "::1", "127.0.0.2"].filter((one) => one !== "")) {
    const refused = await new Promise<boolean>((resolve) => {
      const socket = connect({ host, port: client.port }, () => {
        socket.destroy();
        resolve(false);
      });
      socket.on("error", () => resolve(true));
    });
    assert.ok(refused, host);
  }
});

test("another user of the machine is hung up on", async () => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    process.stderr.write("NOT TESTED: only root of a Linux can be somebody else\n");
    return;
  }
  const from = async (uid: number, port: number): Promise<string> => {
    const script = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET / HTTP/1.1\\r\\nHost: 127.0.0.1:${port}\\r\\n\\r\\n' >&3 && head -c 12 <&3`;
    const child = spawn("/bin/bash", ["-c", script], { uid, gid: uid, cwd: "/", env: box.env, stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    await ended(child);
    return text;
  };
  assert.match(await from(0, client.port), /^HTTP\/1\.1 /);
  assert.is(await from(65_534, client.port), "");
  const anybodys = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
  await once(anybodys, "listening");
  assert.match(await from(65_534, (anybodys.address() as AddressInfo).port), /^HTTP\/1\.1 /, "elsewhere it is answered");
  anybodys.close();
});

test("no secret is in the runner's log, nor in its command line", async () => {
  const log = readFileSync(join(box.state, "runner", "log"), "utf8");
  for (const secret of [...tokens, client.key, client.cookie.split("=")[1] as string]) assert.not.ok(log.includes(secret));
});

test("--stop closes the port and forgets everybody; a new token opens it at the same port", async () => {
  const { port } = client;
  await box.copse(["ui", "--stop"]);
  await ask({ port, path: "/" }).then(
    () => assert.unreachable("it is open"),
    (error: NodeJS.ErrnoException) => assert.is(error.code, "ECONNREFUSED"),
  );
  const again = await startUi(box);
  assert.is(again.port, port);
  assert.is((await ask({ port, path: api.tasksPath, headers: own() })).status, 401, "the old cookie is nobody's");
  const fresh = await enter(again.port, again.token);
  await fresh.get(api.tasksPath);
  assert.is((await fresh.post(api.leavePath, {})).status, 200);
  assert.is((await ask({ port, path: api.tasksPath, headers: { cookie: fresh.cookie } })).status, 401, "left");
  assert.ok(clientOf(port, fresh.cookie, fresh.key));
});

/** What comes back for exactly these bytes. */
function rawly(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(text));
    socket.setTimeout(20_000, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => {
      said += chunk.toString("latin1");
      if (/\r\n\r\n/.test(said)) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(said));
  });
}

test.run();
