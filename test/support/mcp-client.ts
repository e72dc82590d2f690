/** The SDK's own client at the built `copse mcp`, over stdio. */
import { Client, type RequestOptions } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { builtCli, type Sandbox } from "./sandbox.ts";

/** What a tool answered; tests look at it field by field. */
export type Json = Awaited<ReturnType<Sandbox["task"]>>;

export interface McpClient {
  readonly client: Client;
  readonly pid: number;
  /** The structured content of a call that went well. */
  call(tool: string, input?: object, options?: RequestOptions): Promise<Json>;
  /** The text of a call that went well. */
  say(tool: string, input?: object): Promise<string>;
  /** The error of a call that did not. */
  refused(tool: string, input?: object): Promise<{ code: string; message: string; hint: string | null }>;
  close(): Promise<void>;
}

export interface Connect {
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Speaks the protocol as of 2026-07-28 instead of the one that begins with `initialize`. */
  readonly modern?: boolean;
}

export async function connect(box: Sandbox, { args = [], cwd = box.repo, env = {}, modern = false }: Connect = {}): Promise<McpClient> {
  const mode = modern ? { pin: "2026-07-28" } : ("legacy" as const);
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode } });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [builtCli, "mcp", ...args],
    cwd,
    env: { ...box.env, ...env },
    stderr: "pipe",
  });
  await client.connect(transport);
  const ask = (tool: string, input: object, options?: RequestOptions) => client.callTool({ name: tool, arguments: { ...input } }, options);
  return {
    client,
    pid: transport.pid ?? 0,
    async call(tool, input = {}, options) {
      const result: Json = await ask(tool, input, options);
      if (result.isError) throw new Error(`${tool}: ${result.content[0].text}`);
      return result.structuredContent;
    },
    async say(tool, input = {}) {
      const result: Json = await ask(tool, input);
      if (result.isError) throw new Error(`${tool}: ${result.content[0].text}`);
      return result.content[0].text;
    },
    async refused(tool, input = {}) {
      const result: Json = await ask(tool, input);
      if (!result.isError) throw new Error(`${tool} went well: ${JSON.stringify(result)}`);
      return JSON.parse(result.content[0].text).error;
    },
    close: () => client.close(),
  };
}
