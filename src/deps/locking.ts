/** In which rounds updates get into the lockfile. Pure. */
import type { Update } from "./ecosystem.ts";

/**
 * What to write into the manifests before each run of the lock command. A range that lets pass something newer than what was chosen would get that: so such an update is first asked for exactly,
 * and then by its range, which what is locked by then satisfies.
 */
export function roundsOf(updates: readonly Update[]): (readonly Update[])[] {
  return updates.some((one) => one.capped) ? [updates.map((one) => (one.capped ? exactly(one) : one)), updates] : [updates];
}

const exactly = (one: Update): Update => ({
  ...one,
  places: one.places.map((place) => ({ ...place, range: place.range.replace(/^(\s*(?:npm:)?)[~^=v]/, "$1") })),
});
