/** Locks whose holder was killed: proven dead they are not waited out, of many that want one only one has it, and a claim that was cut off stands in nobody's way. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import fs, {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { withLock } from "../../src/store/lock.ts";
import { me } from "../../src/system/identity.ts";
import { bundled } from "../support/bundled.ts";

const dir = realpathSync(mkdtempSync(join(tmpdir(), "copse-lock-")));
const program = await bundled("test/support/lock-holder.ts");

const start = (file: string, times: string, env: Record<string, string> = {}): ChildProcess =>
  spawn(process.execPath, [program, file, times], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "inherit"] });

/** A lock whose holder has been killed, and which will not be stale for a minute. */
async function orphan(name: string): Promise<string> {
  const file = join(dir, name);
  writeFileSync(file, "0");
  const holder = start(file, "hold");
  await once(holder.stdout as NodeJS.ReadableStream, "data");
  holder.kill("SIGKILL");
  await once(holder, "exit");
  young(file);
  return file;
}

function young(file: string): void {
  const later = new Date(Date.now() + 60_000);
  utimesSync(`${file}.lock`, later, later);
}

test("a lock whose holder was killed is taken over, not waited out", async () => {
  const file = await orphan("killed");
  assert.is(await withLock(file, () => "had it", 20_000), "had it");
  assert.equal(
    readdirSync(dir).filter((name) => name.startsWith("killed.")),
    [],
  );
});

test("one that lives keeps its lock, however long somebody waits", async () => {
  const file = join(dir, "alive");
  writeFileSync(file, "0");
  const holder = start(file, "hold");
  await once(holder.stdout as NodeJS.ReadableStream, "data");
  try {
    const refused = await withLock(file, () => "had it", 1000).catch((error: unknown) => error);
    assert.match(String(refused), /another Copse is writing here/);
    assert.ok(existsSync(join(`${file}.lock`, "holder")), "its name is still in it");
  } finally {
    holder.kill("SIGKILL");
    await once(holder, "exit");
  }
});

test("of many that find the holder dead, one at a time has the lock", async () => {
  const file = await orphan("many");
  const all = Array.from({ length: 5 }, () => start(file, "8"));
  for (const [code] of await Promise.all(all.map((one) => once(one, "exit")))) assert.is(code, 0);
  assert.is(readFileSync(file, "utf8"), "40", "no two had it at once");
});

test("one that was overtaken, between finding the holder dead and taking the lock away, gives the new holder its name back", async () => {
  const file = await orphan("overtaken");
  const rename = fs.renameSync;
  let overtaken = 0;
  fs.renameSync = (from, to) => {
    // Another process is quicker: it takes the lock away, and has it.
    if (String(from).endsWith("/holder") && overtaken++ === 0) {
      rmSync(`${file}.lock`, { recursive: true });
      mkdirSync(`${file}.lock`);
      writeFileSync(join(`${file}.lock`, "holder"), JSON.stringify(me()));
      young(file);
    }
    rename(from, to);
  };
  syncBuiltinESMExports();
  try {
    const refused = await withLock(file, () => "had it", 1000).catch((error: unknown) => error);
    assert.is(overtaken, 1);
    assert.match(String(refused), /another Copse is writing here/);
    assert.equal(readdirSync(`${file}.lock`), ["holder"]);
    assert.equal(JSON.parse(readFileSync(join(`${file}.lock`, "holder"), "utf8")), me());
  } finally {
    fs.renameSync = rename;
    syncBuiltinESMExports();
    rmSync(`${file}.lock`, { recursive: true });
  }
});

test("one that is killed while it takes a lock away leaves one that is stale after a while, and goes then", async () => {
  const file = await orphan("claimed");
  const taker = start(file, "1", { COPSE_CRASH_AT: "lock-claimed" });
  assert.equal(await once(taker, "exit"), [null, "SIGKILL"]);
  assert.equal(readdirSync(`${file}.lock`), [`holder.${taker.pid}`]);
  const past = new Date(Date.now() - 60_000);
  utimesSync(`${file}.lock`, past, past);
  assert.is(await withLock(file, () => "had it", 20_000), "had it");
  assert.not.ok(existsSync(`${file}.lock`));
});

test.after(() => rmSync(dir, { recursive: true, force: true }));
test.run();
