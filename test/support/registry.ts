/** A small npm registry on loopback, over packages made for a test: packuments and tarballs, nothing else. A package's `code` is its `index.js`. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

export interface Registry {
  readonly url: string;
  /** Adds a version; the last one added of a name is its `latest`. */
  add(name: string, version: string, code?: string, more?: Readonly<Record<string, unknown>>): void;
  /** Paths that were asked for, in their order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

interface Version {
  readonly manifest: Record<string, unknown>;
  readonly tarball: Buffer;
}

export async function registry(): Promise<Registry> {
  const packages = new Map<string, Map<string, Version>>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://registry").pathname);
    asked.push(path);
    const [, name = "", file] = /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.+)\.tgz)?$/.exec(path) ?? [];
    const versions = packages.get(name);
    const tarball = versions?.get(file?.slice(file.indexOf("@") + 1) ?? "")?.tarball;
    if (tarball !== undefined) return void response.end(tarball);
    if (versions === undefined || file !== undefined)
      return void response.writeHead(404, { "content-type": "application/json" }).end('{"error":"not found"}');
    const latest = [...versions.keys()].at(-1);
    const body = {
      name,
      "dist-tags": { latest },
      versions: Object.fromEntries([...versions].map(([version, { manifest }]) => [version, { ...manifest, dist: dist(name, version) }])),
    };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const dist = (name: string, version: string) => {
    const tarball = packages.get(name)?.get(version)?.tarball ?? "";
    return {
      tarball: `${url}${name}/-/${name.replace(/^@/, "").replace("/", "-")}@${version}.tgz`,
      integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}`,
      shasum: createHash("sha1").update(tarball).digest("hex"),
    };
  };
  return {
    url,
    asked,
    add(name, version, code = `module.exports = ${JSON.stringify(version)};\n`, more = {}) {
      const manifest = { name, version, main: "index.js", homepage: `https://example.com/${name}`, ...more };
      const versions = packages.get(name) ?? new Map<string, Version>();
      packages.set(
        name,
        versions.set(version, { manifest, tarball: packed({ "package.json": JSON.stringify(manifest), "index.js": code }) }),
      );
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** As `npm pack` does: a gzipped ustar archive with everything below `package/`. Made here, for fifty starts of npm would take half a minute. */
function packed(files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, text]) => {
    const body = Buffer.from(text);
    const head = Buffer.alloc(512);
    head.write(`package/${name}`, 0);
    head.write("0000644\0", 100);
    head.write("0000000\0", 108);
    head.write("0000000\0", 116);
    head.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
    head.write("00000000000\0", 136);
    head.write("        0", 148);
    head.write("ustar\u000000", 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [head, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
