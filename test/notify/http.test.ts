/** Webhook, ntfy and Slack against a server on loopback: signed, tried again, redacted; and what the texts say. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isDue, isHeldTold, isTold, type policies } from "../../src/core/policy.ts";
import type { Needs, Task } from "../../src/core/task.ts";
import { ntfy, slack, webhook } from "../../src/notify/http.ts";
import type { Notice } from "../../src/notify/notifier.ts";
import { groupNotices, noticeOf } from "../../src/notify/text.ts";

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with these statuses in turn, the last one for ever. */
async function server(statuses: readonly number[]): Promise<{ url: string; got: Got[]; close(): Promise<void> }> {
  const got: Got[] = [];
  const it = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on("data", (part: Buffer) => parts.push(part));
    req.on("end", () => {
      got.push({ headers: req.headers, body: Buffer.concat(parts).toString("utf8") });
      res.writeHead(statuses[Math.min(got.length, statuses.length) - 1] ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => it.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(it.address() as AddressInfo).port}/hook/secret-path`,
    got,
    close: () => new Promise((resolve) => it.close(() => resolve())),
  };
}

const notice: Notice = { title: "ümlaut <needs> you", body: "Which db?\ncopse send x", urgent: true, tasks: ["abc"] };
const never = new AbortController().signal;

test("a webhook is signed over its very body", async () => {
  const { url, got, close } = await server([200]);
  try {
    await webhook(url, "s3cret").send(notice, never);
    assert.equal(JSON.parse(got[0]?.body ?? ""), notice);
    assert.is(
      got[0]?.headers["x-copse-signature"],
      `sha256=${createHmac("sha256", "s3cret")
        .update(got[0]?.body ?? "")
        .digest("hex")}`,
    );
  } finally {
    await close();
  }
});

test("a server in trouble is tried again, a refusal is not; the error names the host only", async () => {
  const trouble = await server([503, 200]);
  const refusal = await server([404]);
  try {
    await webhook(trouble.url, undefined).send(notice, never);
    assert.is(trouble.got.length, 2);
    const error = await webhook(refusal.url, undefined)
      .send(notice, never)
      .then(
        () => undefined,
        (reason: Error) => reason,
      );
    assert.match(error?.message ?? "", /^127\.0\.0\.1:\d+ answered 404$/);
    assert.is(refusal.got.length, 1);
  } finally {
    await trouble.close();
    await refusal.close();
  }
});

test("ntfy and Slack get text they do not misread", async () => {
  const { url, got, close } = await server([200]);
  try {
    await ntfy(url).send(notice, never);
    await slack(url).send(notice, never);
    assert.is(got[0]?.body, notice.body);
    assert.is(got[0]?.headers["priority"], "high");
    assert.match(String(got[0]?.headers["title"]), /^=\?UTF-8\?B\?/);
    assert.match(JSON.parse(got[1]?.body ?? "{}").text, /ümlaut &lt;needs&gt; you/);
  } finally {
    await close();
  }
});

const needs: Needs = {
  kind: "permission",
  text: "Bash: curl -H 'Authorization: Bearer abcdef123456' x",
  since: "2026-01-01T00:00:00.000Z",
  source: "stream",
};
const task = (more: object): Task =>
  ({
    id: "abcdefgh",
    label: "docs",
    state: "blocked",
    since: "2026-01-01T00:00:00.000Z",
    needs,
    notify: null,
    toldOf: null,
    request: { notify: null },
    verify: { status: "none", checks: [] },
    result: null,
    failure: null,
    ...more,
  }) as unknown as Task;

test("a notice says what is asked and how to answer, and no secret", () => {
  const blocked = noticeOf(task({}));
  assert.match(blocked?.body ?? "", /^permission: Bash: curl/);
  assert.match(blocked?.body ?? "", /copse approve docs$/);
  assert.not.match(blocked?.body ?? "", /abcdef123456/);
  assert.is(noticeOf(task({ state: "stopped" })), undefined);
  const skipped = { code: "PREREQUISITE_FAILED", message: "skipped: api failed" };
  assert.equal(noticeOf(task({ state: "stopped", failure: skipped }))?.title, "docs was skipped");
  assert.match(noticeOf(task({ state: "stopped", failure: skipped }))?.body ?? "", /^skipped: api failed\n/);
  const behind = (text: string) => noticeOf(task({ state: "queued", notBefore: { kind: "task", at: null, text, needsPerson: true } }));
  assert.equal([behind("held: api failed; copse retry api")?.title, behind("waits for b (held)")], ["docs is held", undefined]);
  assert.match(noticeOf(task({ label: "a b; rm", needs: { ...needs, kind: "question" } }))?.body ?? "", /copse send abcdefgh "…"$/);
});

test("policies tell what they say, once a transition", () => {
  const told = (policy: (typeof policies)[number]) =>
    (["blocked", "completed", "failed", "stopped", "running"] as const).filter((state) => isTold(state, policy));
  assert.equal(told("on-complete"), ["completed", "failed"]);
  assert.equal(told("on-block"), ["blocked"]);
  assert.equal(told("always"), ["blocked", "completed", "failed"]);
  assert.equal(told("off"), []);
  const settings = { when: "always", desktop: false } as const;
  assert.ok(isDue(task({}), settings));
  assert.not(isDue(task({ toldOf: "2026-01-01T00:00:00.000Z" }), settings));
  assert.not(isDue(task({ notify: "off" }), settings));
  assert.not(isDue(task({ request: { notify: "on-complete" } }), settings));
  assert.not(isDue(task({ state: "stopped" }), settings), "the person was there");
  const skipped = task({ state: "stopped", failure: { code: "PREREQUISITE_FAILED" } });
  assert.equal([isDue(skipped, settings), isDue(skipped, { ...settings, when: "on-block" })], [true, false]);
  assert.equal([isHeldTold(task({}), settings), isHeldTold(task({ notify: "off" }), settings)], [true, false]);
});

test("from four on, several are told as one, what needs you first", () => {
  const one = (title: string, urgent: boolean): Notice => ({ title, body: "", urgent, tasks: [title] });
  assert.is(groupNotices([one("a", false), one("b", false), one("c", true)]).length, 3);
  const [all, ...rest] = groupNotices([one("a", false), one("b", true), one("c", false), one("d", false)]);
  assert.equal(rest, []);
  assert.is(all?.title, "4 tasks, 1 to look at");
  assert.match(all?.body ?? "", /^b\na\nc\nd\ncopse tasks$/);
});

test.run();
