/** Names of packages, and paths, by patterns. Pure. */

const asPattern = (glob: string): RegExp => new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);

/** `*` stands for anything. */
export const isNamed = (patterns: readonly string[], name: string): boolean => patterns.some((pattern) => asPattern(pattern).test(name));

export type Matcher = (text: string) => boolean;

/** One as Renovate reads it: `/…/` for a regular expression, else a glob; undefined where it cannot be understood. */
export function matcherOf(pattern: string): Matcher | undefined {
  if (pattern === "*") return () => true;
  if (!pattern.startsWith("/")) return globbed(pattern);
  const [, source, flag] = /^\/(.+)\/(i?)$/s.exec(pattern) ?? [];
  try {
    const wanted = source === undefined ? undefined : new RegExp(source, flag);
    return wanted && ((text) => wanted.test(text));
  } catch {
    return undefined;
  }
}

/** `*` and `?` within a part, `**` over parts, `{a,b}`; case does not matter. undefined for anything more. */
export function globbed(glob: string): Matcher | undefined {
  if (/[[\]()\\]|\{[^}]*\{/.test(glob)) return undefined;
  const source = glob.replace(/[.+^$|]/g, "\\$&").replace(/\*\*\/|\*\*|\*|\?|\{([^{}]*)\}/g, (found, inside: string | undefined) => {
    if (inside !== undefined) return `(?:${inside.replaceAll("*", "[^/]*").replaceAll(",", "|")})`;
    return found === "**/" ? "(?:.*/)?" : found === "**" ? ".*" : found === "*" ? "[^/]*" : "[^/]";
  });
  if (/[{}]/.test(source)) return undefined;
  const wanted = new RegExp(`^${source}$`, "i");
  return (text) => wanted.test(text);
}

/** Some of them begin with `!`: none of those, and any of the others if there are any. undefined where one of them cannot be understood. */
export function anyOf(patterns: readonly string[]): Matcher | undefined {
  const some = patterns.map((pattern) => {
    const isNot = pattern.startsWith("!");
    return { isNot, matches: matcherOf(isNot ? pattern.slice(1) : pattern) };
  });
  const known = some.flatMap(({ isNot, matches }) => (matches === undefined ? [] : [{ isNot, matches }]));
  if (known.length < some.length) return undefined;
  const [yes, no] = [known.filter(({ isNot }) => !isNot), known.filter(({ isNot }) => isNot)];
  const isAny = (text: string) => yes.length === 0 || yes.some(({ matches }) => matches(text));
  return (text) => some.length > 0 && isAny(text) && !no.some(({ matches }) => matches(text));
}
