/** Notices over HTTP: a signed webhook, ntfy, Slack. Five seconds a try, three tries with jitter; what is sent was redacted before. */
import { createHmac, randomUUID } from "node:crypto";
import type { Notifier } from "./notifier.ts";

const tries = 3;
const tryMs = 5000;

/** POST of JSON `{title, body, urgent, tasks}`; `X-Copse-Signature: sha256=<hex>` is the HMAC of the body under `secret`, `X-Copse-Delivery` names the delivery. */
export function webhook(url: string, secret: string | undefined): Notifier {
  return {
    name: "webhook",
    send(notice, signal) {
      const body = JSON.stringify(notice);
      const signature: Record<string, string> =
        secret === undefined ? {} : { "x-copse-signature": `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` };
      return post(url, body, { "content-type": "application/json", "x-copse-delivery": randomUUID(), ...signature }, signal);
    },
  };
}

/** `url` is a topic, such as https://ntfy.sh/my-topic. */
export function ntfy(url: string): Notifier {
  // A header is latin1 at best; ntfy reads RFC 2047.
  const header = (text: string) => (/^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString("base64")}?=`);
  return {
    name: "ntfy",
    send: (notice, signal) =>
      post(
        url,
        notice.body,
        { title: header(notice.title), priority: notice.urgent ? "high" : "default", tags: notice.urgent ? "warning" : "white_check_mark" },
        signal,
      ),
  };
}

/** An incoming webhook of Slack. `&`, `<` and `>` are the only characters with a meaning in its text. */
export function slack(url: string): Notifier {
  const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return {
    name: "slack",
    send: (notice, signal) =>
      post(
        url,
        JSON.stringify({ text: `${notice.urgent ? "⚠️ " : ""}*${escaped(notice.title)}*\n${escaped(notice.body)}` }),
        { "content-type": "application/json" },
        signal,
      ),
  };
}

async function post(url: string, body: string, headers: Record<string, string>, signal: AbortSignal): Promise<void> {
  for (let n = 1; ; n++) {
    const why = await once(url, body, headers, signal);
    if (why === undefined) return;
    if (n === tries || signal.aborted || why.final) throw new Error(why.text);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 1000 * 2 ** n));
  }
}

/** undefined when it was taken. Errors name the host only: the rest of the address may be a secret. */
async function once(
  url: string,
  body: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<{ text: string; final: boolean } | undefined> {
  const host = hostOf(url);
  try {
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers,
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(tryMs)]),
    });
    await answer.body?.cancel();
    if (answer.ok) return undefined;
    return { text: `${host} answered ${answer.status}`, final: answer.status < 500 && answer.status !== 429 };
  } catch (error) {
    return {
      text: `${host}: ${(error as Error).name === "TimeoutError" ? `no answer within ${tryMs / 1000} s` : "cannot be reached"}`,
      final: false,
    };
  }
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "the address";
  }
}
