/** Manifests as they stand in a folder: where they ask for a package, and what Node they promise. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readMaybe } from "../store/files.ts";
import type { Place } from "./ecosystem.ts";

export const fields = ["dependencies", "devDependencies", "optionalDependencies"];

/** One that is there. A byte order mark is no part of it. */
export const readManifest = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(file, "utf8").replace(/^\ufeff/, "")) as Record<string, unknown>;

/** Of one that may be missing, or be none: {}. */
export function manifestMaybe(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse((readMaybe(file) ?? "{}").replace(/^\ufeff/, ""));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The range a list of a manifest has for a package. */
export function rangeIn(manifest: Readonly<Record<string, unknown>>, field: string, name: string): string | undefined {
  const list = manifest[field];
  const range =
    typeof list === "object" && list !== null && Object.hasOwn(list, name) ? (list as Record<string, unknown>)[name] : undefined;
  return typeof range === "string" ? range : undefined;
}

/** All lists of the manifest in that folder that name it. */
export function placesOf(dir: string, location: string, name: string): Place[] {
  const file = join(location, "package.json");
  const manifest = readManifest(join(dir, file));
  return fields.flatMap((field) => {
    const range = rangeIn(manifest, field, name);
    return range === undefined ? [] : [{ manifest: file, field, range }];
  });
}
