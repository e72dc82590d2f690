/** Takes secrets out of text that leaves the task's own folder: reports, `--json`, debug logs, later PR bodies and notifications. */

// A word may begin behind an escape of JSON, as in `\\nghp_…`.
const shapes: readonly [RegExp, string][] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "[private key]"],
  [
    /(?:(?<!\w)|(?<=\\[nrtbf]))(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9_-]{16,}|xox[abeprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}|npm_[A-Za-z0-9]{30,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,})/g,
    "[secret]",
  ],
  [/((?:(?<!\w)|(?<=\\[nrtbf]))authorization\s*[:=]\s*(?:bearer|basic|token)?\s*)[^\s"',;]{6,}/gi, "$1[secret]"],
  [/((?:(?<![\w+.-])|(?<=\\[nrtbf]))[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:)[^\s/@]+(@)/gi, "$1[secret]$2"],
];

/** `secrets`: exact values to take out besides, e.g. `secretValues(env)`. Commit ids and ordinary words stay. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let out = text;
  for (const value of secrets) out = out.replaceAll(value, "[secret]");
  for (const [shape, instead] of shapes) out = out.replace(shape, instead);
  return out;
}

/** Every string in it, however deep. */
export function redactAll<T>(value: T): T {
  if (typeof value === "string") return redact(value) as T;
  if (Array.isArray(value)) return value.map(redactAll) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redactAll(inner)])) as T;
}

/** For text that comes line by line: the lines of a private key say nothing of what they are. */
export function lineRedactor(): (line: string) => string {
  let inKey = false;
  return (line) => {
    const begins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(line);
    const ends = /-----END [A-Z ]*PRIVATE KEY-----/.test(line);
    const hidden = inKey && !begins;
    inKey = begins ? !ends : inKey && !ends;
    return hidden ? "[private key]" : redact(line);
  };
}

/** Values of environment variables that are secrets by their name, 8 characters or longer. */
export function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(env)
    .filter(([name, value]) => /TOKEN|SECRET|KEY|PASS|CREDENTIAL/i.test(name) && value !== undefined && value.length >= 8)
    .map(([, value]) => value as string)
    .sort((a, b) => b.length - a.length);
}
