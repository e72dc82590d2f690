/** Types of pinned.mjs. */
export const managers: readonly string[];
export const checkUpdates: readonly string[];
/** @returns the folder of their programs */
export function pinned(name: string, packages: readonly string[], say?: (line: string) => void): string;
