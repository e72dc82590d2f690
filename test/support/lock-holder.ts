/** Adds one to the number in a file, under its lock, so many times, slowly enough to be seen: `lock-holder.ts <file> <times>`; with `hold` it takes the lock, says so and stays. */
import { readFileSync, writeFileSync } from "node:fs";
import { withLock } from "../../src/store/lock.ts";

const [file = "", times = "1"] = process.argv.slice(2);
if (times === "hold")
  await withLock(file, async () => {
    process.stdout.write("held\n");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
else
  for (let i = 0; i < Number(times); i++)
    await withLock(file, async () => {
      const count = Number(readFileSync(file, "utf8"));
      await new Promise((resolve) => setTimeout(resolve, 2));
      writeFileSync(file, String(count + 1));
    });
