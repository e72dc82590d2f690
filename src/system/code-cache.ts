/**
 * Keeps what V8 has compiled of our own bundled files, so that the next command need not compile it again: 10 ms of a submission's 30 over bare Node. Node does
 * this by itself from 22.1 on (module.enableCompileCache), but only for all of a process; Node 20 not at all. V8 refuses a cache of another version or other flags,
 * and a file's size and date are in its name. See https://nodejs.org/docs/latest-v20.x/api/vm.html#scriptcreatecacheddata
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import Module from "node:module";
import { basename, dirname, join } from "node:path";
import { Script } from "node:vm";
import { removeFile } from "./remove-file.ts";

type Load = (module: NodeJS.Module & { _compile(code: string, file: string): void }, file: string) => void;
const keep = 100;

/** From now on, for the `.cjs` files in and under `root`. `dir` is made when there is something to keep; where that cannot be done, nothing is kept. */
export function cacheCode(root: string, dir: string): void {
  const loaders = (Module as unknown as { _extensions: Record<string, Load> })._extensions;
  const plain = loaders[".js"] as Load;
  loaders[".cjs"] = (module, file) => {
    if (!file.startsWith(root)) return plain(module, file);
    const { size, mtimeMs } = statSync(file);
    const cached = join(dir, `${basename(file, ".cjs")}-${process.version}-${process.arch}-${size}-${Math.round(mtimeMs)}`);
    const data = read(cached);
    const script = new Script(`(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`, {
      filename: file,
      ...(data === undefined ? {} : { cachedData: data }),
    });
    const require = (name: string): unknown => module.require(name);
    script.runInThisContext().call(module.exports, module.exports, require, module, file, dirname(file));
    // At the end, when what the command has used is compiled.
    if (data === undefined || script.cachedDataRejected) process.once("exit", () => write(cached, script.createCachedData()));
  };
}

/** Only what this user alone can have written: it is code. */
function read(file: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    const { uid, mode } = fstatSync(fd);
    return process.getuid?.() === uid && (mode & 0o022) === 0 ? readFileSync(fd) : undefined;
  } finally {
    closeSync(fd);
  }
}

function write(file: string, data: Buffer): void {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const fd = openSync(beside, "wx", 0o600);
    try {
      // Synced before it gets its name: V8 does not notice a torn one.
      if (writeSync(fd, data) !== data.length) throw new Error("torn");
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(beside, file);
    const all = readdirSync(dirname(file));
    // Those of former versions: none is worth a look at its date.
    if (all.length > keep) for (const name of all) if (name !== basename(file)) removeFile(join(dirname(file), name));
  } catch {
    // A full disk, a folder that is another's: the next command compiles, as this one did.
    if (existsSync(beside)) rmSync(beside, { force: true });
  }
}
