/** Packages that a repository tells other updaters to leave alone: `ignoreDeps` of Renovate, `reject` of npm-check-updates. What is not plain JSON there is said and not read. Pure, but for the reading. */

export interface Said {
  /** Patterns, and the file each stands in. */
  readonly ignored: readonly { readonly pattern: string; readonly by: string }[];
  readonly notes: readonly string[];
}

const files = [
  "renovate.json",
  "renovate.json5",
  ".github/renovate.json",
  ".github/renovate.json5",
  ".gitlab/renovate.json",
  ".renovaterc",
  ".renovaterc.json",
  ".ncurc",
  ".ncurc.json",
];

/** `read`: a file of the repository, or undefined. */
export async function saidBy(read: (path: string) => Promise<string | undefined>): Promise<Said> {
  const ignored: { pattern: string; by: string }[] = [];
  const notes: string[] = [];
  const texts = await Promise.all([...files, "package.json"].map(async (path) => ({ path, text: await read(path) })));
  for (const { path, text } of texts) {
    if (text === undefined) continue;
    try {
      const all = JSON.parse(text.replace(/^\ufeff/, "")) as Record<string, unknown>;
      const parts = path === "package.json" ? [all["renovate"]] : [all];
      for (const part of parts) for (const pattern of patternsIn(part, path)) ignored.push({ pattern, by: path });
    } catch {
      notes.push(`${path} is not plain JSON, so what it ignores is not known here`);
    }
  }
  return { ignored, notes };
}

function patternsIn(part: unknown, path: string): string[] {
  const { ignoreDeps, reject } = (part ?? {}) as { ignoreDeps?: unknown; reject?: unknown };
  const list = path.startsWith(".ncurc") ? (typeof reject === "string" ? reject.split(/[\s,]+/) : reject) : ignoreDeps;
  // A regular expression, or what is not to be left alone.
  return Array.isArray(list) ? list.filter((one): one is string => typeof one === "string" && /^[^/!]/.test(one)) : [];
}
