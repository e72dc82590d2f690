/** What Node a project promises to run with, and which versions of a package ask for more. Pure. */
import type { Packument } from "./packument.ts";
import { contains, isRange } from "./versions.ts";

/** What a package has to run with. */
export interface Promised {
  readonly range: string;
  /** How that is known, as the end of a sentence. */
  readonly words: string;
}

/** A longer one is nobody's, and takes long to read. */
const longest = 500;

/** The range of `engines.node`; undefined where there is none, or none that says anything. */
export function nodeIn(manifest: unknown): string | undefined {
  const engines = (manifest as { readonly engines?: unknown } | null | undefined)?.engines;
  const range = (engines as { readonly node?: unknown } | null | undefined)?.node;
  if (typeof range !== "string" || range.length > longest || !isRange(range)) return undefined;
  return contains(range, "*") ? undefined : range.trim();
}

/** What stands there for a range and is none. */
export function oddNode(manifest: unknown): string | undefined {
  const range = (manifest as { readonly engines?: { readonly node?: unknown } | null } | null | undefined)?.engines?.node;
  return range === undefined || (typeof range === "string" && range.length <= longest && isRange(range))
    ? undefined
    : JSON.stringify(range);
}

/** `manifests`: that which asks, then those it falls back to. `running`: the version the checks run with; null: not known. */
export function promisedBy(manifests: readonly unknown[], running: string | null): Promised | null {
  const range = manifests.map(nodeIn).find((one) => one !== undefined);
  if (range !== undefined) return { range, words: `the project promises ${range}` };
  return running === null ? null : { range: running, words: `the checks run with ${running}` };
}

/** undefined: it runs wherever the project does, or asks for no more than what is installed; or nothing is known of it. */
export function whyUnfit(
  { current, node }: { readonly current: string; readonly node: Promised | null },
  versions: Packument["versions"],
  version: string,
): string | undefined {
  const [before, needed] = [nodeIn(versions[current]), nodeIn(versions[version])];
  if (node === null || needed === undefined || contains(needed, node.range)) return undefined;
  if (before !== undefined && contains(needed, before)) return undefined;
  return `${version} needs Node ${needed}, and ${node.words}`;
}
