/** Labels: what a person may call a task, and the safe name (slug) that branch, folder and claim get from it. Pure but for the hash. */
import { CopseError } from "./errors.ts";
import { sha256 } from "./hash.ts";
import { hasUnsafe } from "./safe.ts";

const plain = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/;
const reserved = new Set([
  "con",
  "prn",
  "aux",
  "nul",
  "head",
  "main",
  "master",
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((n) => [`com${n}`, `lpt${n}`]),
]);
const maxLabel = 100;

/** @throws CopseError BAD_LABEL for an empty label, one over 100 characters, or one with control or direction characters. */
export function checkLabel(label: string): void {
  if (label.trim() === "") throw new CopseError("BAD_LABEL", "the label is empty", { hint: 'Give it a name: --label "fix-login".' });
  if ([...label].length > maxLabel)
    throw new CopseError("BAD_LABEL", `the label has ${[...label].length} characters; at most ${maxLabel} are allowed`, {
      hint: "Shorten it; the prompt is the place for details.",
    });
  if (hasUnsafe(label) || /[\n\t]/.test(label))
    throw new CopseError("BAD_LABEL", "the label has control or invisible direction characters in it", {
      hint: "Use letters, digits, spaces and dashes.",
    });
}

/**
 * The safe name of a label: `[a-z0-9][a-z0-9-]*`, at most 48 characters. A label that is one already stays as it is;
 * any other (and one that looks like it had been through here) gets eight hex digits of its hash behind it, so that two labels never share a slug,
 * not even where case is folded.
 */
export function slugOf(label: string): string {
  if (plain.test(label) && !reserved.has(label) && !/-[0-9a-f]{8}$/.test(label)) return label;
  const base = words(label, 39) || "task";
  return `${base}-${sha256(Buffer.from(label, "utf16le")).slice(0, 8)}`;
}

/**
 * A branch name that needs no quotes anywhere it is printed. The template is a repository's, so it is not trusted to make one.
 * @throws CopseError BAD_CONFIG
 */
export function checkBranchName(name: string): void {
  const parts = name.split("/");
  const plainParts = parts.every((part) => isPlainPart(part) && !/\.\.|\.$|\.lock$/i.test(part));
  if (plainParts && name.length <= 200 && name !== "HEAD") return;
  throw new CopseError(
    "BAD_CONFIG",
    `the setting \`branch\` makes a name that git or a shell may take for something else: ${JSON.stringify(name)}`,
    {
      hint: "Use letters, digits, dots, dashes, underscores and slashes: copse/{label}",
    },
  );
}

/** The first pattern spares most names the second, which takes 2 ms to get ready. */
const isPlainPart = (part: string): boolean => /^\w[\w.+-]*$/.test(part) || /^[\p{L}\p{N}_][\p{L}\p{N}._+-]*$/u.test(part);

/** A label from the first words of a prompt or command; never empty, always its own slug. */
export function labelFrom(text: string): string {
  const base = words(text.slice(0, 400), 32) || "task";
  if (!plain.test(base) || reserved.has(base)) return `task-${base}`;
  return slugOf(base) === base ? base : `${base}-task`;
}

/** The n-th try for a label made by ourselves: `fix-login`, `fix-login-2`, … */
export function numbered(label: string, n: number): string {
  return n === 1 ? label : `${label}-${n}`;
}

/** Words joined by dashes, cut at a word's end where one is near. */
function words(text: string, max: number): string {
  const letters = /^[ -~\s]*$/.test(text) ? text : text.normalize("NFKD").replace(/\p{M}+/gu, "");
  const all = letters
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  if (all.length <= max) return all;
  const cut = all.slice(0, max + 1);
  const end = cut.lastIndexOf("-");
  return cut.slice(0, end > max / 2 ? end : max).replace(/-+$/, "");
}
