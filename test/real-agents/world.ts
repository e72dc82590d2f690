/**
 * A sandbox with the real Claude Code in it: the pinned binary on PATH, the scripted Messages API as its only provider, a fake key, a HOME of its own.
 * Whatever would go to the network by a proxy is seen and refused, and fails the test; `scripts/test-agents.mjs` also takes the network away where it may.
 */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { type MessagesApi, type MessagesBody, type Reply, type Script, startMessagesApi, userTexts } from "../support/messages-api.ts";
import { builtCli, type Ran, type Sandbox, sandbox, waitFor as waitAsLong } from "../support/sandbox.ts";

/** What Copse or an agent printed as JSON; tests look at it field by field. */
export type Json = Awaited<ReturnType<Sandbox["task"]>>;

export interface World extends Sandbox {
  readonly api: MessagesApi;
  /** A line of bash, with the person's alias `claude='copse claude'`. */
  alias(line: string): Promise<Ran>;
  /** The real claude, in the sandbox. */
  claude(args: readonly string[], cwd?: string): Promise<Ran>;
  /** Waits until the task is in one of these states; @returns its JSON. */
  until(label: string, states: string | readonly string[], limitMs?: number): Promise<Json>;
  /** Where the task's worktree is, or will be. */
  tree(label: string): string;
}

const key = "sk-ant-api03-fake-key-of-a-test";

/** The real agent takes its time on a busy machine. */
export const waitFor: typeof waitAsLong = (look, what, limitMs = 60_000) => waitAsLong(look, what, limitMs);

const open = new Set<() => Promise<void>>();
// Out of time: what was started is ended.
process.once("SIGTERM", () => void Promise.allSettled([...open].map((close) => close())).then(() => process.exit(1)));

/** `files` of the repository's first commit; `env` besides the usual one. */
export async function world(
  script: Script,
  options: { readonly files?: Readonly<Record<string, string>>; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<World> {
  const binary = process.env["COPSE_TEST_CLAUDE"];
  if (!binary) throw new Error("COPSE_TEST_CLAUDE names no claude: run these tests by npm run test:agents");
  const outside = await startRefusingProxy();
  const api = await startMessagesApi(script);
  const box = await sandbox(options.files);
  const bin = join(box.dir, "bin");
  mkdirSync(bin);
  mkdirSync(join(box.dir, "tmp"));
  symlinkSync(binary, join(bin, "claude"));
  writeFileSync(join(bin, "copse"), `#!/bin/sh\nexec '${process.execPath}' '${builtCli}' "$@"\n`);
  chmodSync(join(bin, "copse"), 0o755);
  Object.assign(
    box.env,
    {
      PATH: `${bin}:${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      TMPDIR: join(box.dir, "tmp"),
      ANTHROPIC_API_KEY: key,
      ANTHROPIC_BASE_URL: api.url,
      DISABLE_TELEMETRY: "1",
      DISABLE_ERROR_REPORTING: "1",
      DISABLE_AUTOUPDATER: "1",
      npm_config_update_notifier: "false",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: "1",
      COPSE_IDLE_SECONDS: "20",
      ...Object.fromEntries(
        ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"].map((name) => [name, outside.url]),
      ),
      NO_PROXY: "127.0.0.1,localhost",
      no_proxy: "127.0.0.1,localhost",
    },
    options.env,
  );
  const run = (file: string, args: readonly string[], cwd: string): Promise<Ran> =>
    new Promise((resolve, reject) => {
      const child = spawn(file, args, { cwd, env: box.env, stdio: ["ignore", "pipe", "pipe"] });
      let stdout = "";
      let stderr = "";
      child.stdout.on("data", (chunk) => (stdout += chunk));
      child.stderr.on("data", (chunk) => (stderr += chunk));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? -2, stdout, stderr }));
    });
  const close = async () => {
    open.delete(close);
    await box.close();
    await api.close();
    await outside.close();
    assert.equal(outside.asked, [], "nothing but the scripted provider was connected to");
  };
  open.add(close);
  return {
    ...box,
    api,
    alias: (line) => run("bash", ["-c", `shopt -s expand_aliases\nalias claude='copse claude'\n${line}`], box.repo),
    claude: (args, cwd = box.repo) => run(join(bin, "claude"), args, cwd),
    async until(label, states, limitMs = 90_000) {
      const wanted = [states].flat();
      let last: Json;
      return await waitFor(
        async () => {
          last = await box.task(label).catch(() => undefined);
          if (wanted.includes(last?.state)) return last;
          if (["completed", "failed", "stopped"].includes(last?.state))
            throw new Error(`${label} is ${last.state}, not ${wanted.join(" or ")}: ${JSON.stringify(last.failure ?? last.result)}`);
          return undefined;
        },
        `${label} to be ${wanted.join(" or ")}`,
        limitMs,
      );
    },
    tree: (label) => join(box.repo, ".worktrees", "trees", label),
    close,
  };
}

/** A script for several tasks at once: each conversation is found by a word of its prompt. */
export function byPrompt(scripts: Readonly<Record<string, Script>>): (body: MessagesBody, call: number) => Promise<Reply> {
  const calls = new Map<string, number>();
  return async (body) => {
    const said = userTexts(body).join("\n");
    const name = Object.keys(scripts).find((word) => said.includes(word));
    if (name === undefined) throw new Error(`no script for: ${said.slice(0, 200)}`);
    const call = calls.get(name) ?? 0;
    calls.set(name, call + 1);
    const script = scripts[name] as Script;
    if (typeof script === "function") return await script(body, call);
    const turn = body.messages.filter((each) => each.role === "assistant").length;
    return script[Math.min(turn, script.length - 1)] as Reply;
  };
}

/** The folder of a task's run: its recording, its exit code, the pipe to its agent. */
export function runFolder(box: Sandbox, task: { readonly id: string; readonly attempt: number }): string {
  const [repo = ""] = readdirSync(join(box.state, "repos"));
  return join(box.state, "repos", repo, "tasks", task.id, `run${task.attempt}`);
}

/** The lines a run has printed. */
export function recorded(box: Sandbox, task: { readonly id: string; readonly attempt: number }): Json[] {
  return readFileSync(join(runFolder(box, task), "out"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** The command line the agent was started with. */
export function argvOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
}

/** What a person has answered before: the first start's questions, the key, and trust in these folders. */
export function settle(box: Sandbox, folders: readonly string[]): void {
  const projects = Object.fromEntries(folders.map((folder) => [folder, { hasTrustDialogAccepted: true }]));
  const answers = {
    hasCompletedOnboarding: true,
    theme: "dark",
    customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
    projects,
  };
  writeFileSync(join(box.env["HOME"] ?? "", ".claude.json"), JSON.stringify(answers));
}

/** Something a test lets happen. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Live processes whose environment carries that run's mark (Linux). */
export function processesOfTask(id: string): number[] {
  const found = execFileSync("sh", ["-c", `grep -lsz "^COPSE_TASK_ID=${id}$" /proc/[0-9]*/environ || true`], { encoding: "utf8" });
  return found
    .split("\n")
    .filter(Boolean)
    .map((path) => Number(path.split("/")[2]));
}

async function startRefusingProxy(): Promise<{ url: string; asked: string[]; close(): Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    res.writeHead(403).end();
  });
  server.on("connect", (req, socket) => {
    asked.push(`CONNECT ${req.url}`);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
