/** Stays connected to the event stream: goes on where it was by `Last-Event-ID`, tries again with growing pauses, notices a connection that has fallen silent. */
import { eventsPath } from "../api.ts";
import { keyName } from "./client.ts";
import { againAfterMs, type StreamMessage, streamReader } from "./pure/sse.ts";

export type Link =
  | { readonly kind: "connecting" | "live" | "out" }
  /** Since when, how often it has been tried, and when it is tried next (ms). */
  | { readonly kind: "lost"; readonly sinceMs: number; readonly attempt: number; readonly nextMs: number };

/** A comment comes every 10 s. */
const silentMs = 25_000;

/** @returns what makes it try at once */
export function follow(take: (message: StreamMessage) => void, tell: (link: Link) => void): () => void {
  let lastId: string | undefined;
  let attempt = 0;
  let sinceMs = 0;
  let wake: (() => void) | undefined;
  const nudge = () => wake?.();
  const once = async (): Promise<"out" | "again"> => {
    const cut = new AbortController();
    let timer = setTimeout(() => cut.abort(), silentMs);
    try {
      const answer = await fetch(eventsPath, {
        headers: { accept: "text/event-stream", ...(lastId === undefined ? {} : { "last-event-id": lastId }) },
        credentials: "same-origin",
        cache: "no-store",
        signal: cut.signal,
      });
      if (answer.status === 401) return "out";
      if (!answer.ok || answer.body === null) return "again";
      attempt = 0;
      tell({ kind: "live" });
      const reader = answer.body.getReader();
      const text = new TextDecoder();
      const feed = streamReader((message) => {
        if (message.id !== undefined) lastId = message.id;
        take(message);
      });
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return "again";
        clearTimeout(timer);
        timer = setTimeout(() => cut.abort(), silentMs);
        feed(text.decode(value, { stream: true }));
      }
    } catch {
      return "again";
    } finally {
      clearTimeout(timer);
      cut.abort();
    }
  };
  const run = async () => {
    for (;;) {
      if ((await once()) === "out") tell({ kind: "out" });
      else {
        if (attempt === 0) sinceMs = Date.now();
        const pauseMs = againAfterMs(attempt, Math.random());
        attempt++;
        tell({ kind: "lost", sinceMs, attempt, nextMs: Date.now() + pauseMs });
        await Promise.race([new Promise((resolve) => setTimeout(resolve, pauseMs)), new Promise<void>((resolve) => (wake = resolve))]);
        continue;
      }
      // Nothing but a new token helps; it comes in another page of the same browser, too.
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  void run();
  addEventListener("online", nudge);
  // Another tab was let in just now: its cookie is this one's, too.
  addEventListener("storage", ({ key }) => key === keyName && nudge());
  document.addEventListener("visibilitychange", () => !document.hidden && nudge());
  return nudge;
}
