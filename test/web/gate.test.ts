/** Which requests are heard at all, by their headers; and who is let in, once, for how long. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { uidIn } from "../../src/system/peer.ts";
import { Access, keyFits } from "../../src/web/access.ts";
import { cookiesOf, refusalOf } from "../../src/web/gate.ts";

const port = 4711;
const own = { host: `127.0.0.1:${port}` };
const status = (headers: Record<string, string>, method = "GET", url = "/api/tasks") => refusalOf({ method, url, headers }, port)?.status;
const change = { ...own, origin: `http://127.0.0.1:${port}`, "content-type": "application/json", "x-copse": "k" };

test("it is heard by its own two names only", () => {
  assert.is(status(own), undefined);
  assert.is(status({ host: `localhost:${port}` }), undefined);
  const foreign = ["evil.example", `evil.example:${port}`, "127.0.0.1", "localhost", "127.0.0.1:80", `127.0.0.2:${port}`, `[::1]:${port}`]
    .concat([`127.1:${port}`, `2130706433:${port}`, `0x7f000001:${port}`, `0177.0.0.1:${port}`, `0.0.0.0:${port}`, `LOCALHOST:${port}`])
    .concat([
      `127.0.0.1.nip.io:${port}`,
      `localhost.:${port}`,
      `127.0.0.1:${port}.evil.example`,
      `evil@127.0.0.1:${port}`,
      `127.0.0.1:${port} `,
    ])
    .concat([`127.0.0.1:0${port}`, `::ffff:127.0.0.1:${port}`, "", `127.0.0.1:${port},evil.example`]);
  for (const host of foreign) assert.is(status({ host }), 421, host);
  assert.is(status({}), 421, "no name at all");
  assert.is(status(own, "GET", "http://evil.example/"), 400);
  assert.is(status(own, "GET", "//evil.example/"), 400);
});

test("pages of other addresses are not heard, other ports' neither", () => {
  for (const origin of ["http://evil.example", `https://127.0.0.1:${port}`, "http://127.0.0.1:4712", "http://localhost:4711", "null", ""])
    assert.is(status({ ...own, origin }), 403, origin);
  for (const site of ["cross-site", "same-site", "nonsense"]) assert.is(status({ ...own, "sec-fetch-site": site }), 403, site);
  assert.is(status({ ...own, origin: `http://127.0.0.1:${port}`, "sec-fetch-site": "same-origin" }), undefined);
  assert.is(status({ ...own, "sec-fetch-site": "none" }), undefined);
});

test("a change is a POST of JSON with a header of ours", () => {
  assert.is(status(change, "POST"), undefined);
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonx",
    "text/plain;application/json",
    "",
  ])
    assert.is(status({ ...change, "content-type": type }, "POST"), 415, type);
  assert.is(status({ ...own, "x-copse": "k" }, "POST"), 415);
  const { "x-copse": _, ...without } = change;
  assert.is(status(without, "POST"), 403);
  for (const method of ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"]) assert.is(status(change, method), 405, method);
});

test("a cookie is that of this port", () => {
  assert.equal(cookiesOf(`a=1; copse-4712=other; copse-4711=x; copse-4711=y`, port), ["x", "y"]);
  assert.equal(cookiesOf(undefined, port), []);
  assert.equal(cookiesOf("xcopse-4711=z", port), []);
});

test("a token is good once and for ten minutes; a session lasts while it is used; nothing of either is on disk", () => {
  const state = mkdtempSync(join(tmpdir(), "copse-access-"));
  try {
    let now = 1_000_000;
    const access = new Access(state, () => now);
    assert.not.ok(access.open);
    const token = access.token();
    assert.ok(access.open);
    assert.is(access.enter(`${token}x`), undefined);
    assert.is(access.enter(""), undefined);
    const given = access.enter(token);
    assert.ok(given);
    assert.is(access.enter(token), undefined, "used");
    const session = access.session(given.cookie);
    assert.ok(session);
    assert.ok(keyFits(session, given.key));
    assert.not.ok(keyFits(session, given.cookie));
    assert.is(access.session(given.key), undefined);
    assert.is(access.session(token), undefined);

    const file = join(state, "ui", "access.json");
    assert.is(statSync(file).mode & 0o777, 0o600);
    const kept = readFileSync(file, "utf8");
    for (const secret of [token, given.cookie, given.key]) assert.not.ok(kept.includes(secret));
    assert.ok(new Access(state, () => now).session(given.cookie), "the next runner knows it");

    const late = access.token();
    now += 10 * 60_000 + 1;
    assert.is(access.enter(late), undefined, "ten minutes are over");
    now += 2 * 86_400_000;
    assert.ok(access.session(given.cookie), "used within three days");
    now += 2 * 86_400_000;
    assert.ok(access.session(given.cookie), "and again");
    now += 3 * 86_400_000 + 1;
    assert.is(access.session(given.cookie), undefined);
    assert.not.ok(access.open);

    const again = access.enter(access.token());
    assert.ok(again);
    access.clear();
    assert.is(access.session(again.cookie), undefined);
    writeFileSync(file, '{"port":1,"grants":[{"kind":"session"}]}');
    assert.not.ok(new Access(state).open, "a damaged file lets nobody in");
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
});

test("the kernel's table says whose the other end of a connection is", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   3: 0100007F:1267 0100007F:C4C2 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 20 0 0 10 -1
   4: 0100007F:C4C2 0100007F:1267 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0 20 0 0 10 -1
   5: 0000000000000000FFFF00000100007F:C4C3 0000000000000000FFFF00000100007F:1267 01 00000000:00000000 00:00000000 00000000  1002        0 3 1 0 20 0 0 10 -1
`;
  assert.is(uidIn(table, 0xc4c2, 0x1267), 1001);
  assert.is(uidIn(table, 0xc4c3, 0x1267), 1002);
  assert.is(uidIn(table, 0xc4c4, 0x1267), undefined);
  assert.is(uidIn(table, 0xc4c2, 0x1268), undefined);
});

test.run();
