/**
 * What stands in an issue that a task has opened. The agent's words are Markdown there, but they call nobody, close nothing, load nothing and give the forge no commands; the marker by which the issue
 * is known again is the last line, and no other is in it. Pure.
 */
import { sha256 } from "../core/hash.ts";
import { code, mute, shorten } from "../core/markdown.ts";
import { redact } from "../core/redact.ts";
import { safe, safeLine } from "../core/safe.ts";
import type { Task } from "../core/task.ts";

/** A Markdown file that is to become an issue. */
export interface IssueDraft {
  readonly file: string;
  /** Its first heading. */
  readonly title: string;
  readonly body: string;
  readonly labels: readonly string[];
  /** Fingerprint: the same for what is the same pattern, night after night. */
  readonly print: string;
}

const mostLabels = 5;

/** undefined: it has no heading. `scope`: what shares its fingerprints; a batch's name. */
export function readDraft(file: string, text: string, scope: string): IssueDraft | undefined {
  const { front, rest } = cutFront(text.replace(/^\ufeff/, "").replace(/\r\n/g, "\n"));
  const heading = /^#{1,6}[ \t]+(\S.*?)[ \t]*#*[ \t]*$/m.exec(rest);
  if (heading === null) return undefined;
  const title = heading[1] as string;
  const name = front.get("id")?.[0] ?? title;
  const labels = (front.get("labels") ?? []).map((label) => safeLine(label, 50)).filter((label) => label !== "" && !/[,@]/.test(label));
  return {
    file,
    title,
    body: `${rest.slice(0, heading.index)}${rest.slice(heading.index + heading[0].length)}`.trim(),
    labels: [...new Set(labels)].slice(0, mostLabels),
    print: sha256(`${scope}\n${name.toLowerCase().replace(/\s+/g, " ").trim()}`).slice(0, 16),
  };
}

/** The few keys that count, between two lines of dashes: `labels: [a, b]`, `labels: a, b`, or a list below it. */
function cutFront(text: string): { front: ReadonlyMap<string, readonly string[]>; rest: string } {
  const [whole, inside] = /^---[ \t]*\n([\s\S]*?)\n---[ \t]*(?:\n|$)/.exec(text) ?? [];
  const front = new Map<string, string[]>();
  if (whole === undefined || inside === undefined) return { front, rest: text };
  const bare = (word: string) => word.trim().replace(/^(["'])(.*)\1$/, "$2");
  let last: string[] = [];
  for (const line of inside.split("\n")) {
    const [, key, value = ""] = /^(\w+):[ \t]*(.*)$/.exec(line) ?? [];
    const [, item] = /^[ \t]*-[ \t]+(.*)$/.exec(line) ?? [];
    if (key !== undefined) {
      const words = key === "labels" ? value.replace(/^\[(.*)\]$/, "$1").split(",") : [value];
      last = words.map(bare).filter((word) => word !== "");
      front.set(key, last);
    } else if (item !== undefined) last.push(bare(item));
  }
  return { front, rest: text.slice(whole.length) };
}

export function titleOf(draft: IssueDraft, most: number, secrets: readonly string[]): string {
  return safeLine(mute(redact(draft.title, secrets)), Math.min(most, 200));
}

export interface Around {
  readonly task: Pick<Task, "label" | "base">;
  readonly secrets: readonly string[];
  readonly now: Date;
  /** Characters that the forge takes. */
  readonly most: number;
}

/** The whole body, its marker last. */
export function bodyOf(draft: IssueDraft, { task, secrets, now, most }: Around): string {
  const at = task.base === null ? "" : ` at ${code(task.base.slice(0, 12))}`;
  const head = `> Written by an agent, opened by Copse (task ${code(tame(task.label, secrets))}). Last found on ${now.toISOString().slice(0, 10)}${at}.\n\n`;
  const room = most - head.length - 200;
  const words = closeFence(shorten(tame(draft.body, secrets), room));
  return marked(`${head}${words === "" ? "The agent wrote nothing but the title." : words}`, draft.print);
}

const marked = (text: string, print: string): string => `${text.trimEnd()}\n\n<!-- copse issue ${print} ${sumOf(text)} -->`;
const sumOf = (text: string): string => sha256(text.replace(/\r\n/g, "\n").trim()).slice(0, 8);

/** Whose issue is this, and has anybody else written in it since, above the mark or below? undefined: none of ours. */
export function markIn(body: string): { readonly print: string; readonly touched: boolean } | undefined {
  const text = body.replace(/\r\n/g, "\n");
  const mark = [...text.matchAll(/^<!-- copse issue ([0-9a-f]{16}) ([0-9a-f]{8}) -->[ \t]*$/gm)].at(-1);
  if (mark === undefined) return undefined;
  const [line, print = "", sum] = mark;
  const below = text.slice(mark.index + line.length).trim();
  return { print, touched: below !== "" || sumOf(text.slice(0, mark.index)) !== sum };
}

/** Elements that load something or act when they are shown; a forge takes most of them out itself. */
const loading =
  /<(?=\/?(?:a|audio|base|button|embed|form|iframe|img|input|link|math|meta|object|picture|script|source|style|svg|video)\b)/gi;

/** Markdown stays Markdown; pictures become links, and a line that a forge would take as a command is none. */
function tame(text: string, secrets: readonly string[]): string {
  return mute(safe(redact(text, secrets)))
    .replaceAll("<!--", "<! --")
    .replace(loading, "<\u200b")
    .replace(/!(?=\[)/g, "")
    .replace(/^([ \t>]*)\/(?=[a-z_]+(?:[ \t]|$))/gim, "$1\u200b/");
}

/** An open code block would take the marker into it. */
function closeFence(text: string): string {
  let open = "";
  for (const line of text.split("\n")) {
    const [, fence = ""] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (open === "") open = fence;
    else if (fence.startsWith(open) && /^ {0,3}[`~]+[ \t]*$/.test(line)) open = "";
  }
  return open === "" ? text : `${text}\n${open}`;
}
