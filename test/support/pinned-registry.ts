/** The npm registry as it was on a day, on loopback: real packages, those versions that were out by then. What it was asked for once is kept on disk. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import gt from "semver/functions/gt.js";

export interface PinnedRegistry {
  readonly url: string;
  close(): Promise<void>;
}

interface Packument {
  readonly name: string;
  readonly time: Readonly<Record<string, string>>;
  readonly "dist-tags": { readonly latest: string };
  readonly versions: Readonly<Record<string, { readonly dist: { readonly tarball: string } }>>;
}

/** `upstream`: the registry behind it. `day`: as `2026-11-01`. `cache`: a folder. */
export async function pinnedRegistry(upstream: string, day: string, cache: string): Promise<PinnedRegistry> {
  mkdirSync(cache, { recursive: true });
  const packuments = new Map<string, Promise<Buffer>>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      process.stderr.write(`${request.url}: ${error}\n`);
      response.writeHead(502).end();
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0] as string;
    if (path.includes("/-/")) return void response.end(await kept(path));
    const known =
      packuments.get(path) ?? kept(path).then((body) => Buffer.from(JSON.stringify(asOf(JSON.parse(body.toString()) as Packument))));
    packuments.set(path, known);
    const body = await known;
    // As the real one: clients may go by what they have for five minutes.
    const etag = `"${createHash("sha1").update(body).digest("hex")}"`;
    const head = { "content-type": "application/json", "cache-control": "public, max-age=300", etag };
    if (request.headers["if-none-match"] === etag) return void response.writeHead(304, head).end();
    response.writeHead(200, head).end(body);
  }

  /** From the disk, or else from upstream. */
  async function kept(path: string): Promise<Buffer> {
    const file = join(cache, encodeURIComponent(decodeURIComponent(path)));
    if (existsSync(file)) return readFileSync(file);
    const body = await fetched(new URL(path.slice(1), upstream));
    writeFileSync(`${file}.${process.pid}`, body);
    renameSync(`${file}.${process.pid}`, file);
    return body;
  }

  async function fetched(url: URL): Promise<Buffer> {
    for (let n = 0; ; n++) {
      try {
        const found = await fetch(url);
        if (!found.ok) throw new Error(`${url} was answered with ${found.status}`);
        return Buffer.from(await found.arrayBuffer());
      } catch (error) {
        if (n === 2) throw error;
      }
    }
  }

  function asOf({ name, time, versions, "dist-tags": tags }: Packument) {
    const isOut = (version: string): boolean => (time[version] ?? "9") < day;
    const out = Object.keys(versions).filter(isOut);
    const best = (a: string, b: string): string => (gt(a, b) ? a : b);
    const stable = out.filter((version) => /^\d+\.\d+\.\d+$/.test(version) && !gt(version, tags.latest));
    const local = (version: string) => {
      const own = versions[version] as Packument["versions"][string];
      return { ...own, dist: { ...own.dist, tarball: new URL(new URL(own.dist.tarball).pathname, url).href } };
    };
    return {
      name,
      "dist-tags": { latest: stable.length > 0 ? stable.reduce(best) : tags.latest },
      time: Object.fromEntries(Object.entries(time).filter(([key]) => out.includes(key) || key === "created")),
      versions: Object.fromEntries(out.map((version) => [version, local(version)])),
    };
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
