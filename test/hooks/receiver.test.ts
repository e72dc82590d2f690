/** Who is heard at the hooks' port, and who is not. */

import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { accessOf, anySession, scopeOf, taskScope, tokenFor } from "../../src/hooks/access.ts";
import type { HookEvent } from "../../src/hooks/event.ts";
import { receive } from "../../src/hooks/receiver.ts";

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string;
}

function send(
  port: number,
  { method = "POST", path = "/copse/hooks", headers = {}, body = "" }: Sent,
): Promise<{ status: number; body: string }> {
  const given = Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method, path, headers: given, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    // An answer may come before all of the body was sent.
    asked.on("error", reject);
    asked.end(body);
  });
}

async function inReceiver(
  work: (state: string, port: number, heard: { event: HookEvent; scope: string }[]) => Promise<void>,
): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "copse-receiver-"));
  const heard: { event: HookEvent; scope: string }[] = [];
  let server: Server | undefined;
  try {
    server = await receive(
      state,
      async (event, scope) => {
        if (scope === taskScope("mine") && event.session_id !== "s") return undefined;
        heard.push({ event, scope });
        return { systemMessage: "heard" };
      },
      () => {},
    );
    await work(state, accessOf(state).port, heard);
  } finally {
    await new Promise((resolve) => server?.close(resolve));
    rmSync(state, { recursive: true });
  }
}

const event = (session_id = "s") => JSON.stringify({ hook_event_name: "Stop", session_id });

test("an event with a good token is answered; wrong, foreign and missing tokens, pages and other names are refused and never reach a hook", async () => {
  await inReceiver(async (state, port, heard) => {
    const access = accessOf(state);
    const auth = (scope: string) => ({ authorization: `Bearer ${tokenFor(access, scope)}` });
    assert.equal(await send(port, { headers: auth(anySession), body: event() }), { status: 200, body: '{"systemMessage":"heard"}' });
    assert.is((await send(port, { headers: auth(taskScope("mine")), body: event() })).status, 200);
    assert.equal(
      heard.map(({ scope }) => scope),
      ["sessions", "task.mine"],
    );
    const token = tokenFor(access, taskScope("mine"));
    const foreign = tokenFor({ ...access, secret: "0".repeat(64) }, anySession);
    for (const [what, sent] of [
      ["no token", {}],
      ["a wrong one", { headers: { authorization: "Bearer sessions.00" } }],
      ["an empty one", { headers: { authorization: "Bearer " } }],
      ["one of another state folder", { headers: { authorization: `Bearer ${foreign}` } }],
      ["one whose name was changed", { headers: { authorization: `Bearer ${token.replace("mine", "other")}` } }],
      ["one cut short", { headers: { authorization: `Bearer ${token.slice(0, -1)}` } }],
      ["another session's", { headers: auth(taskScope("mine")), body: event("another") }],
      ["a page of a browser", { headers: { ...auth(anySession), origin: "http://127.0.0.1:8080" } }],
      ["a page without a name", { headers: { ...auth(anySession), origin: "null" } }],
      ["a page that says what it is", { headers: { ...auth(anySession), "sec-fetch-site": "cross-site" } }],
      ["a name that leads here", { headers: { ...auth(anySession), host: `rebound.example:${port}` } }],
      ["localhost by name", { headers: { ...auth(anySession), host: `localhost:${port}` } }],
      ["a page that looks before", { method: "OPTIONS", headers: { origin: "http://a.example", "access-control-request-method": "POST" } }],
    ] as readonly [string, Sent][]) {
      const { status, body } = await send(port, { body: event(), ...sent });
      assert.is(status, 403, what);
      assert.not.match(body, "systemMessage");
    }
    assert.is(heard.length, 2, "none of them was heard");
    assert.is((await send(port, { headers: auth(anySession), path: "/" })).status, 404);
    assert.is((await send(port, { headers: auth(anySession), method: "GET" })).status, 405);
    assert.is((await send(port, { headers: auth(anySession), body: "{}" })).status, 400);
    assert.is(statSync(join(state, "hooks", "access")).mode & 0o777, 0o600);
  });
});

test("no token can be made from another: any change is seen", () => {
  const access = { port: 1, secret: "ab".repeat(32) };
  const token = tokenFor(access, taskScope("x1"));
  assert.is(scopeOf(access, token), "task.x1");
  for (let n = 0; n < token.length; n++) {
    const changed = token.slice(0, n) + (token[n] === "a" ? "b" : "a") + token.slice(n + 1);
    assert.is(scopeOf(access, changed), undefined, changed);
  }
});

test("a port that is another program's is left to it, and another is used", async () => {
  await inReceiver(async (state, port) => {
    const other = mkdtempSync(join(tmpdir(), "copse-receiver-"));
    mkdirSync(join(other, "hooks"));
    writeFileSync(join(other, "hooks", "access"), JSON.stringify({ port, secret: accessOf(state).secret }));
    const said: string[] = [];
    const server = await receive(
      other,
      async () => ({}),
      (line) => said.push(line),
      100,
    );
    assert.is.not(accessOf(other).port, port);
    assert.match(said.join(), `hooks: port ${port} is another program's; `);
    await new Promise((resolve) => server.close(resolve));
    rmSync(other, { recursive: true });
  });
});

test("a port whose runner is just leaving is waited for", async () => {
  const state = mkdtempSync(join(tmpdir(), "copse-receiver-"));
  const said: string[] = [];
  const next = () =>
    receive(
      state,
      async () => ({}),
      (line) => said.push(line),
    );
  const leaving = await next();
  const { port } = accessOf(state);
  setTimeout(() => leaving.close(), 300);
  const server = await next();
  assert.equal([accessOf(state).port, said], [port, []]);
  await new Promise((resolve) => server.close(resolve));
  rmSync(state, { recursive: true });
});

test.run();
