/** Small disks that can be filled to the last byte; mounting them needs the right to. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const mounts: string[] = [];

/** @returns whether it could be; `options` as of mount(8) for a tmpfs */
export function mount(path: string, options: string): boolean {
  mkdirSync(path, { recursive: true });
  const done = spawnSync("mount", ["-t", "tmpfs", "-o", `${options},mode=700`, "tmpfs", path]).status === 0;
  if (done) mounts.push(path);
  return done;
}

export function unmountAll(): void {
  for (const path of mounts.splice(0)) spawnSync("umount", ["-l", path]);
}

export function mayMount(): boolean {
  const path = `/tmp/copse-mount-probe-${process.pid}`;
  const done = mount(path, "size=64k");
  if (done) unmountAll();
  rmSync(path, { recursive: true, force: true });
  return done;
}

/** Takes all the room there is, but for that many bytes; @returns how to give it back. */
export function fill(dir: string, but = 0): () => void {
  const [ballast, spare] = [join(dir, "ballast"), join(dir, "spare")];
  if (but > 0) put(spare, but, [but]);
  put(ballast, Number.POSITIVE_INFINITY);
  rmSync(spare, { force: true });
  return () => rmSync(ballast, { force: true });
}

function put(file: string, most: number, sizes = Array.from({ length: 21 }, (_, i) => 1 << (20 - i))): void {
  const fd = openSync(file, "w");
  let written = 0;
  for (const size of sizes) {
    try {
      while (written < most) written += writeSync(fd, Buffer.alloc(size));
    } catch {}
  }
  closeSync(fd);
}
