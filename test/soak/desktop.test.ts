/** A real notification daemon (dunst on its own X server and session bus) gets exactly one notification a transition, and hostile text is harmless. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { agent, ended, type Sandbox, sandbox, waitFor } from "../support/sandbox.ts";

const tools = ["Xvfb", "dunst", "dbus-daemon", "notify-send"];
const missing = tools.filter((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0);
const real = missing.length === 0 ? test : test.skip;
if (missing.length > 0) console.log(`NOTICE: not shown here: ${missing.join(", ")} missing (Debian: xvfb dunst dbus libnotify-bin)`);

const setPolicy = (box: Sandbox, notify: unknown) => {
  mkdirSync(join(box.env["HOME"] as string, ".config", "copse"), { recursive: true });
  writeFileSync(join(box.env["HOME"] as string, ".config", "copse", "config.json"), JSON.stringify({ notify }));
};

/** What there was to see when something did not come. */
async function shows(box: Sandbox, desktop: Desktop, n: number, what: string): Promise<void> {
  await waitFor(() => desktop.shown().length === n, what).catch((error: Error) => {
    const log = readFileSync(join(box.state, "runner", "log"), "utf8");
    throw new Error(`${error.message}; shown: ${JSON.stringify(desktop.shown())}; the runner said:\n${log}`);
  });
}

interface Desktop {
  readonly shown: () => { summary: string; body: string; urgency: string }[];
  close(): Promise<void>;
}

/** Xvfb, a session bus and dunst, all in the sandbox; their addresses are put into its environment. */
async function desktopIn(box: Sandbox): Promise<Desktop> {
  const started: ChildProcess[] = [];
  const log = join(box.dir, "dunst.log");
  const start = (file: string, args: string[], stdout: number | "pipe" = "pipe") => {
    const child = spawn(file, args, { env: box.env, stdio: ["ignore", stdout, "ignore", "pipe"] });
    started.push(child);
    return child;
  };
  const xvfb = start("Xvfb", ["-displayfd", "3", "-screen", "0", "800x600x24", "-nolisten", "tcp"]);
  let display = "";
  (xvfb.stdio[3] as NodeJS.ReadableStream).on("data", (chunk) => (display += chunk));
  await waitFor(() => display.endsWith("\n"), "the X server");
  box.env["DISPLAY"] = `:${display.trim()}`;
  let address = "";
  start("dbus-daemon", ["--session", "--nofork", "--print-address", `--address=unix:path=${join(box.dir, "bus")}`]).stdout?.on(
    "data",
    (chunk) => (address += chunk),
  );
  await waitFor(() => address.endsWith("\n"), "the session bus");
  box.env["DBUS_SESSION_BUS_ADDRESS"] = address.trim();
  start("dunst", ["-print"], openSync(log, "w"));
  // Asked of the bus, not of dunst: a message to a name nobody has yet would make the bus start another one.
  const asked = ["--session", "--print-reply", "--dest=org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner"];
  await waitFor(
    () =>
      spawnSync("dbus-send", [...asked, "string:org.freedesktop.Notifications"], { env: box.env, encoding: "utf8" }).stdout.includes(
        "boolean true",
      ),
    "dunst",
  );
  return {
    shown() {
      const field = (block: string, name: string) =>
        new RegExp(`${name}: *'([\\s\\S]*?)'\\n`).exec(block)?.[1] ?? new RegExp(`${name}: *(\\S+)`).exec(block)?.[1] ?? "";
      return readFileSync(log, "utf8")
        .split(/^\{$/m)
        .slice(1)
        .map((block) => ({ summary: field(block, "summary"), body: field(block, "body"), urgency: field(block, "urgency") }));
    },
    async close() {
      for (const child of started.reverse()) child.kill("SIGTERM");
      await Promise.all(started.map(ended));
    },
  };
}

real("one notification for each transition, with the command that goes on; hostile text does nothing", async () => {
  const box = await sandbox();
  let desktop: Desktop | undefined;
  try {
    desktop = await desktopIn(box);
    setPolicy(box, { when: "always" });
    assert.is((await box.copse(["run", "-b", "-l", "hostile", "--exec", "--", agent("asks-hostile.sh")])).code, 0);
    await shows(box, desktop, 1, "the notification of the question");
    const [asked] = desktop.shown();
    assert.is(asked?.summary, "hostile needs you");
    assert.match(asked?.body ?? "", /&lt;b&gt;bold&lt;\/b&gt; &amp; &lt;img src=x&gt;|<b>bold<\/b> & <img src=x>/);
    assert.match(asked?.body ?? "", /copse send hostile/);
    assert.not.match(readFileSync(join(box.dir, "dunst.log"), "utf8"), /[\u0000-\u0008\u000b-\u001f\u202e]/);
    assert.is((await box.copse(["send", "hostile", "go on"])).code, 0);
    assert.is((await box.copse(["wait", "hostile"])).code, 0);
    await shows(box, desktop, 2, "the notification of the end");
    assert.is(desktop.shown()[1]?.summary, "hostile completed");
    // Absence gets a window: a listing, a look and the runner's ticks tell nobody again.
    await box.copse(["tasks"]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.is(desktop.shown().length, 2);
  } finally {
    await desktop?.close();
    await box.close();
  }
});

real("many at once are told as one", async () => {
  const box = await sandbox();
  let desktop: Desktop | undefined;
  try {
    desktop = await desktopIn(box);
    setPolicy(box, { when: "always" });
    box.env["COPSE_LIMIT"] = "8";
    const notes = join(box.dir, "notes");
    const go = join(box.dir, "go");
    for (let n = 0; n < 6; n++)
      await box.copse(["run", "-b", "-l", `many-${n}`, "--exec", "--", agent("holds.sh")], { env: { NOTES: notes, GO: go } });
    await waitFor(async () => (await box.json(["tasks", "--state", "running"])).tasks.length === 6, "six to run");
    writeFileSync(go, "");
    assert.is((await box.copse(["wait"])).code, 0);
    await waitFor(() => (desktop?.shown().length ?? 0) >= 1, "a notification").catch((error: Error) => {
      throw new Error(
        `${error.message}\n${readFileSync(join(box.state, "runner", "log"), "utf8")}\n${readFileSync(join(box.dir, "dunst.log"), "utf8")}`,
      );
    });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const told = desktop.shown();
    assert.ok(told.length < 6, `${told.length} notifications for six ends`);
    assert.ok(
      told.some((one) => /^[4-6] tasks/.test(one.summary)),
      told.map((one) => one.summary).join(", "),
    );
  } finally {
    await desktop?.close();
    await box.close();
  }
});

for (const [what, script] of [
  ["hangs", "#!/bin/sh\nsleep 60\n"],
  ["fails", "#!/bin/sh\nexit 1\n"],
] as const) {
  test(`a notifier that ${what} never touches the task`, async () => {
    const box = await sandbox();
    try {
      const bin = join(box.dir, "bin");
      mkdirSync(bin);
      writeFileSync(join(bin, "notify-send"), script, { mode: 0o755 });
      box.env["PATH"] = `${bin}:${box.env["PATH"]}`;
      setPolicy(box, { when: "always" });
      const ran = await box.copse(["run", "-l", "quick", "--exec", "--", "true"]);
      assert.is(ran.code, 0, ran.stderr);
      const log = join(box.state, "runner", "log");
      await waitFor(
        () => readFileSync(log, "utf8").includes("a notification was not delivered: desktop"),
        "one warning in the runner's log",
      );
    } finally {
      await box.close();
    }
  });
}

test.run();
