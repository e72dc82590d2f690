/**
 * Copse's hooks in the text of a settings file of Claude Code: put in beside what is there, and taken out so that the bytes are those from before. Pure.
 * No record is kept: entries of ours are known by themselves, and what was there but empty by how they are set apart (`json-text.ts`).
 */
import { isDeepStrictEqual } from "node:util";
import {
  appended,
  BadJson,
  childrenOf,
  contentOf,
  dataOf,
  type Edit,
  edited,
  emptied,
  endOf,
  innerBefore,
  keyOf,
  type Layout,
  layoutIn,
  type Node,
  onLine,
  propertiesOf,
  readJson,
  without,
} from "../system/json-text.ts";
import { type HookEntry, hooksUrl, isOurs, type SettingsHooks } from "./entries.ts";

/**
 * The text with these hooks in it, in place of any older ones of ours; the same text when they are in it as they are. `text`: undefined where there is no file.
 * @throws BadJson where Claude Code would not read the settings either
 */
export function install(text: string | undefined, hooks: SettingsHooks): string {
  if (text !== undefined && isDeepStrictEqual(ours(text, hooks), JSON.parse(JSON.stringify(hooks)))) return text;
  const before = text === undefined ? undefined : uninstall(text);
  if (before === undefined) return `${freshSettings(hooks, "\n")}\n`;
  const eol = eolOf(before);
  // A blank line at the end says that there was a file, and nothing in it.
  return isBlank(before) ? `${before}${freshSettings(hooks, eol)}${eol}${eol}` : edited(before, editsFor(before, hooks, eol));
}

/** The text without any entry of ours; undefined when there was no file before and it holds nothing else. @throws BadJson */
export function uninstall(text: string): string | undefined {
  if (isBlank(text)) return text;
  const root = readJson(text);
  const edits: Edit[] = [];
  const gone = propertiesOf(root, "hooks").filter((property) => !staysOf(text, contentOf(property), "object", edits, hasEvent));
  if (gone.length === 0) return edited(text, edits);
  if (gone.length < childrenOf(root).length) return edited(text, [...edits, ...without(root, gone)]);
  const inner = innerBefore(text, root);
  if (inner !== undefined) return edited(text, [emptied(root, inner)]);
  const [before, after] = [text.slice(0, root.offset), text.slice(endOf(root))];
  if (/^(\r?\n)\1$/.test(after)) return before;
  return before === "" && /^\r?\n$/.test(after) ? undefined : `${before}{}${after}`;
}

/** Has the text entries of ours? @throws BadJson */
export const isInstalled = (text: string): boolean => uninstall(text) !== text;

/** What in these settings keeps Claude Code from running the hooks that are in them, in words. */
export function obstacles(text: string): string[] {
  const { disableAllHooks, allowedHttpHookUrls } = JSON.parse(text.replace(/^\ufeff/, "")) as Record<string, unknown>;
  const allowed = Array.isArray(allowedHttpHookUrls) ? allowedHttpHookUrls.filter((one) => typeof one === "string") : undefined;
  const asPattern = (glob: string) => new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
  return [
    ...(disableAllHooks === true ? ['"disableAllHooks": true in it turns all hooks off'] : []),
    ...(allowed !== undefined && !allowed.some((glob) => asPattern(glob).test(hooksUrl(65_535)))
      ? [`"allowedHttpHookUrls" in it does not allow Copse's; add "http://127.0.0.1:*"`]
      : []),
  ];
}

const isBlank = (text: string): boolean => /^\ufeff?[ \t\r\n]*$/.test(text);
const eolOf = (text: string): string => /\r?\n/.exec(text)?.[0] ?? "\n";
const unit = "  ";

/** Takes entries of ours out of a container, by edits. @returns whether it stays itself: it holds something else, or was there before. */
function staysOf(
  text: string,
  container: Node | undefined,
  type: "object" | "array",
  edits: Edit[],
  childStays: (text: string, child: Node, edits: Edit[]) => boolean,
): boolean {
  const all = childrenOf(container);
  if (container?.type !== type || all.length === 0) return true;
  const inside: Edit[] = [];
  const gone = all.filter((child) => !childStays(text, child, inside));
  if (gone.length === all.length) {
    const inner = innerBefore(text, container);
    if (inner === undefined) return false;
    edits.push(emptied(container, inner));
  } else edits.push(...inside, ...without(container, gone));
  return true;
}

const hasEvent = (text: string, event: Node, edits: Edit[]): boolean => staysOf(text, contentOf(event), "array", edits, hasGroup);

/** A group without entries was so before, or was ours. */
const hasGroup = (text: string, group: Node, edits: Edit[]): boolean =>
  propertiesOf(group, "hooks").every((property) => staysOf(text, contentOf(property), "array", edits, hasEntry));

const hasEntry = (text: string, entry: Node): boolean => entry.type !== "object" || !isOurs(dataOf<HookEntry>(text, entry));

/** The entries of ours that count, as they would be given to `install`. @throws BadJson where a shape is wrong that Claude Code refuses */
function ours(text: string, wanted: SettingsHooks): Record<string, unknown> {
  if (isBlank(text)) return {};
  const root = readJson(text);
  if (root.type !== "object") throw new BadJson(text, root.offset, "settings are an object, and this is none");
  const hooks = contentOf(propertiesOf(root, "hooks").at(-1));
  if (hooks !== undefined && hooks.type !== "object")
    throw new BadJson(text, hooks.offset, `"hooks" is an object of events, and this is ${onLine(dataOf(text, hooks), "").slice(0, 20)}`);
  const found: Record<string, unknown> = {};
  for (const event of childrenOf(hooks)) {
    const groups = contentOf(event);
    // Claude Code passes over null; anything else that is no list makes it refuse the whole file.
    if (groups?.type === "null" && !Object.hasOwn(wanted, keyOf(event))) continue;
    if (groups?.type !== "array") throw new BadJson(text, groups?.offset ?? event.offset, `the hooks of ${keyOf(event)} are no list`);
    const mine = dataOf<{ matcher?: string; hooks?: HookEntry[] }[]>(text, groups).flatMap((group) => {
      const entries = Array.isArray(group?.hooks)
        ? group.hooks.filter((one) => typeof one === "object" && one !== null && isOurs(one))
        : [];
      return entries.length === 0 ? [] : [{ ...(group.matcher === undefined ? {} : { matcher: group.matcher }), hooks: entries }];
    });
    if (mine.length > 0) found[keyOf(event)] = mine;
  }
  return found;
}

/** Settings that hold these hooks only. */
function freshSettings(hooks: SettingsHooks, eol: string): string {
  return `{${eol}${unit}${hooksProperty(hooks, { indent: unit }, unit, eol, " ")}${eol}}`;
}

/** What to put into settings that are there, and hold nothing of ours. */
function editsFor(text: string, hooks: SettingsHooks, eol: string): Edit[] {
  const root = readJson(text);
  const [first] = childrenOf(root);
  const gap = first === undefined || text[(first.colonOffset ?? 0) + 1] === " " ? " " : "";
  const apart: Layout = first === undefined ? { indent: unit } : layoutIn(text, root, gap !== "");
  const step = "indent" in apart ? apart.indent || unit : "";
  const there = contentOf(propertiesOf(root, "hooks").at(-1));
  if (there === undefined) return [appended(text, root, [hooksProperty(hooks, apart, step, eol, gap)], apart, eol, gap !== "")];
  const edits: Edit[] = [];
  const missing: string[] = [];
  for (const [event, groups] of Object.entries(hooks)) {
    const list = contentOf(propertiesOf(there, event).at(-1));
    if (list === undefined) missing.push(onProperty(event, groups, gap));
    else {
      const parts = groups.map((group) => onLine(group, gap));
      edits.push(appended(text, list, parts, { gap }, eol, gap !== ""));
    }
  }
  const within: Layout = "indent" in apart ? { indent: apart.indent + step } : { gap };
  return missing.length === 0 ? edits : [...edits, appended(text, there, missing, within, eol, gap !== "")];
}

/** `"hooks": {…}`, an event a line where lines are indented. */
function hooksProperty(hooks: SettingsHooks, layout: Layout, step: string, eol: string, gap: string): string {
  if (!("indent" in layout)) return onProperty("hooks", hooks, gap);
  const events = Object.entries(hooks).map(([event, groups]) => `${eol}${layout.indent}${step}${onProperty(event, groups, gap)}`);
  return `"hooks":${gap}{${events.join(",")}${eol}${layout.indent}}`;
}

const onProperty = (key: string, value: unknown, gap: string): string => `${JSON.stringify(key)}:${gap}${onLine(value, gap)}`;
