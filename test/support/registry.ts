/** A small npm registry on loopback, over packages made for a test: packuments with times where they are set, tarballs, and audits once there is advice. A package's `code` is its `index.js`. */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import semver from "semver";

export interface Registry {
  readonly url: string;
  /** Adds a version; the last one added of a name is its `latest`. */
  add(name: string, version: string, code?: string, more?: Readonly<Record<string, unknown>>): void;
  /** Says when a version came out; a registry of which nothing is said tells no times. */
  released(name: string, version: string, at: Date): void;
  /** From now on answers only who shows this token. */
  guard(token: string): void;
  /** Adds to what audits find; without any, audits are not answered. */
  advise(advice: Advice): void;
  /** Paths that were asked for, in their order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export interface Advice {
  readonly id: number;
  readonly name: string;
  /** Versions that have the hole. */
  readonly range: string;
  readonly title: string;
}

interface Version {
  readonly manifest: Record<string, unknown>;
  readonly tarball: Buffer;
}

export async function registry(): Promise<Registry> {
  const packages = new Map<string, Map<string, Version>>();
  const asked: string[] = [];
  const times = new Map<string, Record<string, string>>();
  const advices: Advice[] = [];
  let wanted: string | undefined;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://registry").pathname);
    asked.push(path);
    if (wanted !== undefined && request.headers.authorization !== `Bearer ${wanted}`)
      return void response.writeHead(401, { "content-type": "application/json" }).end('{"error":"who are you"}');
    if (request.method === "POST" && advices.length > 0) return audit(request, response, path, advices);
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
      ...(times.has(name) ? { time: times.get(name) } : {}),
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
    released(name, version, at) {
      times.set(name, { ...times.get(name), [version]: at.toISOString() });
    },
    guard(token) {
      wanted = token;
    },
    advise: (advice) => void advices.push(advice),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** npm asks by names and versions; pnpm and yarn 1 send the tree. */
function audit(request: IncomingMessage, response: ServerResponse, path: string, advices: readonly Advice[]): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const sent = Buffer.concat(chunks);
    const body = JSON.parse((sent[0] === 0x1f ? gunzipSync(sent) : sent).toString());
    const answer = (status: number, value: unknown) =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    const told = ({ id, range, title }: Advice) => ({
      id,
      title,
      url: `https://example.com/advisories/${id}`,
      severity: "high",
      vulnerable_versions: range,
    });
    if (path.endsWith("/advisories/bulk")) {
      const hit = advices.filter(({ name, range }) => (body[name] as string[] | undefined)?.some((one) => semver.satisfies(one, range)));
      return answer(
        200,
        Object.fromEntries(hit.map((one) => [one.name, [{ ...told(one), cwe: [], cvss: { score: 7, vectorString: null } }]])),
      );
    }
    if (!path.endsWith("/security/audits")) return answer(404, { error: "not found" });
    const text = JSON.stringify(body.dependencies ?? {});
    const tree = (at: any): [string, string][] =>
      Object.entries(at ?? {}).flatMap(([name, one]: [string, any]) => [[name, String(one.version)], ...tree(one.dependencies)]);
    const all = tree(JSON.parse(text));
    const hit = advices.filter(({ name, range }) => all.some(([one, version]) => one === name && semver.satisfies(version, range)));
    const found = ({ name, range }: Advice) =>
      all.filter(([one, version]) => one === name && semver.satisfies(version, range)).map(([, version]) => ({ version, paths: [name] }));
    const advisories = Object.fromEntries(hit.map((one) => [one.id, { ...told(one), module_name: one.name, findings: found(one) }]));
    const vulnerabilities = { info: 0, low: 0, moderate: 0, high: hit.length, critical: 0 };
    const actions = hit.map(({ id, name }) => ({
      action: "review",
      module: name,
      resolves: [{ id, path: name, dev: false, optional: false, bundled: false }],
    }));
    answer(200, { actions, advisories, muted: [], metadata: { vulnerabilities, dependencies: all.length, totalDependencies: all.length } });
  });
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
