/** Stands before a registry on loopback and makes trouble when told to: answers with an error, or never; or a tarball that is damaged. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type Trouble = "none" | "error" | "hang" | "damage";

export interface Faulty {
  /** The registry behind it. */
  behind(url: string): string;
  /** Decides by the path that is asked for. */
  trouble: (path: string) => Trouble;
  close(): Promise<void>;
}

export async function faulty(): Promise<Faulty> {
  let registry = "";
  const server = createServer(async (request, response) => {
    const path = request.url ?? "/";
    const kind = self.trouble(decodeURIComponent(path));
    if (kind === "hang") return;
    if (kind === "error") return void response.writeHead(500).end("out of order");
    const answer = await fetch(new URL(path.slice(1), registry));
    const body = Buffer.from(await answer.arrayBuffer());
    if (answer.headers.get("content-type") !== "application/json") return void response.end(kind === "damage" ? body.subarray(1) : body);
    response.writeHead(answer.status, { "content-type": "application/json" }).end(body.toString().replaceAll(registry, url));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const self: Faulty = {
    trouble: () => "none",
    behind(behind) {
      registry = behind;
      return url;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}
