/** An agent as far as its hooks go: events, brought to the runner's port as Claude Code brings them (a connection each) or to a command's standard input. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { accessOf, anySession, tokenFor } from "../../src/hooks/access.ts";
import { type Sandbox, waitFor } from "./sandbox.ts";

export interface Port {
  readonly port: number;
  readonly token: string;
}

/** Starts the runner, waits until it hears hooks. */
export async function hearing(box: Sandbox): Promise<Port> {
  await box.copse(["hooks", "wake"]);
  await waitFor(() => existsSync(join(box.state, "hooks", "runner")), "the runner to hear hooks");
  return portOf(box.state);
}

export function portOf(state: string): Port {
  const access = accessOf(state);
  return { port: access.port, token: tokenFor(access, anySession) };
}

/** Connections that are used again. */
export const reusing = (): Agent => new Agent({ keepAlive: true });

export interface Posted {
  readonly status: number;
  readonly body: string;
}

/** @throws as the system does, where nobody listens */
export function post({ port, token }: Port, body: string, agent?: Agent): Promise<Posted> {
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    authorization: `Bearer ${token}`,
    connection: "keep-alive",
  };
  const one = agent ?? new Agent({ keepAlive: false });
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, method: "POST", path: "/copse/hooks", headers, agent: one }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** A command hook as an agent runs it: the event on its standard input, waited for. @returns its exit code */
export function hook(file: string, args: readonly string[], input: string, env: NodeJS.ProcessEnv = process.env): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    child.on("error", reject);
    // One that does not read what it is told.
    child.stdin.on("error", () => {});
    child.stdout.resume();
    child.stderr.resume();
    child.on("close", resolve);
    child.stdin.end(input);
  });
}

/** Besides what every event has. */
export type More = Readonly<Record<string, unknown>>;

export const event = (session_id: string, hook_event_name: string, more: More = {}): string =>
  JSON.stringify({ session_id, transcript_path: `/t/${session_id}.jsonl`, hook_event_name, prompt_id: "p", ...more });

/** A call of a tool, as large as they usually are (1.8 kB). */
export const call = (session: string, id: string, tool_name: string, more: More = {}): string =>
  event(session, "PreToolUse", { tool_name, tool_use_id: id, tool_input: { file_path: `/t/${id}`, content: "x".repeat(1500) }, ...more });
