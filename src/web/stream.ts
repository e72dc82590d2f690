/** The event stream of one page: what the feed says, written as fast as the page reads; who reads too slowly is told to begin anew instead of being kept for. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Feed } from "./feed.ts";
import { guardHeaders } from "./gate.ts";

const beatMs = 10_000;
/** What may wait to be read. */
const mostWaiting = 1024 * 1024;

/** `still`: is whoever asked let in still? Asked with every beat. */
export function stream(request: IncomingMessage, response: ServerResponse, feed: Feed, lastId: string, still: () => boolean): void {
  request.socket.setTimeout(0);
  request.socket.setNoDelay(true);
  response.writeHead(200, { ...guardHeaders, "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" });
  response.write(": copse\nretry: 500\n\n");
  let behind = false;
  const say = (text: string) => {
    if (behind) return;
    if (response.writableLength > mostWaiting) behind = true;
    else response.write(text);
  };
  response.on("drain", () => {
    if (!behind) return;
    behind = false;
    say(feed.reset());
  });
  const end = feed.listen(say, lastId);
  const beat = setInterval(() => {
    if (!still()) response.end();
    else if (response.writableLength <= mostWaiting) response.write(":\n\n");
  }, beatMs);
  response.on("close", () => {
    clearInterval(beat);
    end();
  });
  response.on("error", () => response.destroy());
}
