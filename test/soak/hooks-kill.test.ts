/** The runner killed before every event of a recorded session: with a wait for the next one, and with events that meet it half-way. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { hearing } from "../support/hook-client.ts";
import { listen, play, recordedEvents } from "../support/hook-play.ts";
import { sandbox } from "../support/sandbox.ts";

for (const wait of [true, false])
  test(`killed before every event, ${wait ? "the next runner waited for" : "without waiting for the next runner"}`, async () => {
    const box = await sandbox();
    box.env["COPSE_IDLE_SECONDS"] = "600";
    try {
      const told = listen(box);
      await hearing(box);
      let refused = 0;
      for (let killBefore = 1; killBefore < recordedEvents; killBefore++) {
        refused += await play(box, told, { name: wait ? "waited" : "met", killBefore, wait });
        await hearing(box);
      }
      assert.ok(refused >= recordedEvents - 1, `${refused} events came while nobody listened`);
      const { sessions } = await box.json(["hooks", "show"]);
      assert.equal(
        sessions.map(({ sessionId }: { sessionId: string }) => sessionId),
        [],
        "every session was heard to end",
      );
    } finally {
      await box.close();
    }
  });

test.run();
