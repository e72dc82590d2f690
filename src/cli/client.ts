/** Talking to the runner, and starting it where a command needs it. A slow answer is never a reason to start another. */
import { existsSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { CopseError, systemCode } from "../core/errors.ts";
import { type Answer, type Ask, type Hello, isOlder, protocol } from "../core/protocol.ts";
import { runnerDir, socketName } from "../store/paths.ts";
import { forgetStopped, stoppedAt } from "../store/stopped.ts";
import { debug } from "../system/debug.ts";
import { version } from "../version.ts";

const reachMs = 10_000;

export interface Link {
  readonly hello: Hello;
  ask(request: Ask): Promise<Answer>;
  close(): void;
}

/** The runner that is up, or undefined. Starts nothing. */
export async function findRunner(state: string): Promise<Link | undefined> {
  const socket = await reach(state);
  return socket === undefined ? undefined : await greet(socket).catch(ifLeft);
}

/** The runner, started if there is none, also where a person has stopped it; an older one is asked to make room. @throws CopseError RUNNER_UNREACHABLE, NEWER_RUNNER, CANNOT_WRITE */
export async function needRunner(state: string): Promise<Link> {
  return (await meet(state, () => {
    forgetStopped(state);
    return true;
  })) as Link;
}

/** The same for hooks, which start none that a person has stopped: undefined then. */
export const wakeRunner = (state: string): Promise<Link | undefined> => meet(state, () => stoppedAt(state) === undefined);

async function meet(state: string, mayStart: () => boolean): Promise<Link | undefined> {
  const deadline = Date.now() + reachMs;
  let startedAt = 0;
  for (let wait = 2; mayStart(); wait = Math.min(wait * 1.5, 100)) {
    const socket = await reach(state);
    if (socket) {
      const link = await greet(socket).catch(ifLeft);
      if (link && !isOlder(link.hello.version, version)) return link;
      await link?.ask({ do: "leave", handover: version }).catch(ifLeft);
      link?.close();
    } else if (Date.now() - startedAt > 1000) {
      startedAt = Date.now();
      // One that was killed is no reason to wait; one that left by itself has found another at work.
      const { startRunner } = await import("./start-runner.ts");
      startRunner(state).once("exit", (_code, signal) => {
        if (signal !== null) startedAt = 0;
      });
    }
    if (Date.now() > deadline)
      throw new CopseError("RUNNER_UNREACHABLE", "the runner does not come up", { hint: "See why: copse runner logs" });
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return undefined;
}

/** A runner that leaves while we talk (idle, or killed) is no error: the next one is met or started. */
function ifLeft(error: unknown): undefined {
  if (!isLeft(error)) throw error;
  debug(() => leftText);
}

const leftText = "the runner left in the middle of a talk";
const runnerLeft = (): CopseError => new CopseError("RUNNER_UNREACHABLE", leftText, { hint: "Try again." });
const isLeft = (error: unknown): boolean => error instanceof CopseError && error.message === leftText;

/** Connects by a path relative to the runner's folder: its own is short however long the folder's is. */
function reach(state: string): Promise<Socket | undefined> {
  const dir = runnerDir(state);
  if (!existsSync(join(dir, socketName))) return Promise.resolve(undefined);
  const stat = statSync(dir);
  if (process.getuid && stat.uid !== process.getuid())
    throw new CopseError("RUNNER_UNREACHABLE", `${dir} belongs to another user`, {
      hint: "Name a folder of your own with COPSE_STATE_DIR.",
    });
  const back = cwdMaybe();
  process.chdir(dir);
  const socket = connect(socketName);
  if (back !== undefined) process.chdir(back);
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(socket));
    socket.once("error", (error) => {
      socket.destroy();
      if (["ENOENT", "ECONNREFUSED", "ECONNRESET", "EAGAIN"].includes(systemCode(error))) resolve(undefined);
      else
        reject(
          new CopseError("RUNNER_UNREACHABLE", `the runner cannot be reached: ${error.message}`, {
            hint: "See copse doctor.",
            cause: error,
          }),
        );
    });
  });
}

function cwdMaybe(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

async function greet(socket: Socket): Promise<Link> {
  let text = "";
  const waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      waiting.shift()?.resolve(JSON.parse(text.slice(0, end)) as Answer);
      text = text.slice(end + 1);
    }
  });
  let gone = false;
  const lost = () => {
    gone = true;
    for (const one of waiting.splice(0)) one.reject(runnerLeft());
  };
  socket.on("close", lost);
  socket.on("error", lost);
  const ask = (request: Ask) =>
    new Promise<Answer>((resolve, reject) => {
      if (gone) return reject(runnerLeft());
      waiting.push({ resolve, reject });
      socket.write(`${JSON.stringify(request)}\n`);
    });
  const answer = await ask({ do: "hello", proto: protocol, version });
  // An open socket would keep this process from ending with its error.
  if (!("hello" in answer) || answer.hello.proto > protocol) socket.destroy();
  if (!("hello" in answer))
    throw new CopseError("RUNNER_UNREACHABLE", "the runner does not answer as expected", { hint: "Restart it: copse runner stop" });
  if (answer.hello.proto > protocol)
    throw new CopseError("NEWER_RUNNER", `a newer runner (${answer.hello.version}) is at work; this Copse is ${version}`, {
      hint: "Update this Copse, or run the newer one.",
    });
  return { hello: answer.hello, ask, close: () => socket.destroy() };
}

/** Tells the runner of a change, starting it if need be; whatever it answers, it has looked. */
export async function poke(state: string, repoId: string, id: string): Promise<void> {
  const deadline = Date.now() + reachMs;
  for (;;) {
    const link = await needRunner(state);
    try {
      await link.ask({ do: "poke", repoId, id });
      return;
    } catch (error) {
      if (!isLeft(error) || Date.now() > deadline) throw error;
    } finally {
      link.close();
    }
  }
}
