/** A thousand connections of others at the hooks' port, most of them silent: agents are heard beside them. */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hearing } from "../support/hook-client.ts";
import { allWereHeard, eventsOf, inBox, mostMb, peakMb, send } from "../support/hook-crowd.ts";
import { waitFor } from "../support/sandbox.ts";

test("1,000 who connect and say nothing, or half of something, keep nobody from being heard, and are hung up on", () =>
  inBox(async (box) => {
    const port = await hearing(box);
    const access = `Authorization: Bearer ${port.token}\r\n`;
    const head = `POST /copse/hooks HTTP/1.1\r\nHost: 127.0.0.1:${port.port}\r\n`;
    const half = ["", "POST /copse", head, `${head}${access}Content-Length: 1000\r\n\r\n{"hook_event_name":`];
    const sockets: Socket[] = [];
    let open = 0;
    for (let n = 0; n < 1000; n++) {
      const socket = connect(port.port, "127.0.0.1", () => socket.write(half[n % half.length] as string));
      open++;
      socket.on("error", () => {});
      socket.on("close", () => open--);
      socket.resume();
      sockets.push(socket);
    }
    await send(port, eventsOf("s", box.repo));
    // Bodies that end too early, heads that never end.
    for (const socket of sockets.filter((_, n) => n % 8 === 3)) socket.destroy();
    for (let n = 0; n < 20; n++) {
      const answer = await fetch(`http://127.0.0.1:${port.port}/copse/hooks`, { headers: { large: "x".repeat(100_000) } }).catch(
        () => undefined,
      );
      assert.ok(answer === undefined || answer.status === 431);
    }
    await send(port, eventsOf("t", box.repo));
    // Those who promised a body have a minute.
    await waitFor(() => open <= 130, "the silent to be hung up on", 40_000);
    for (const socket of sockets) socket.destroy();
    await allWereHeard(box, ["s", "t"]);
    assert.not.match(readFileSync(join(box.state, "runner", "log"), "utf8"), /hooks:|exception/i);
    assert.ok(peakMb(box) < mostMb, `${peakMb(box)} MB`);
  }));

test.run();
