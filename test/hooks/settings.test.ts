/** Copse's hooks in a text of settings: what is put in comes out again byte for byte, whatever the text looks like. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { commandMark, type HookEntry, hooksUrl, isOurs, type SettingsHooks } from "../../src/hooks/entries.ts";
import { install, isInstalled, obstacles, uninstall } from "../../src/hooks/settings.ts";
import { BadJson } from "../../src/system/json-text.ts";

const http = (port: number): HookEntry => ({ type: "http", url: hooksUrl(port), headers: { Authorization: "Bearer t" }, timeout: 5 });
const hooksAt = (port: number): SettingsHooks => ({
  SessionStart: [{ hooks: [{ type: "command", command: `copse hooks run${commandMark}`, timeout: 5 }] }],
  PreToolUse: [{ hooks: [http(port)] }],
  Stop: [{ hooks: [http(port)] }],
});
const hooks = hooksAt(4711);

const foreign = '{"hooks":[{"type":"command","command":"~/bin/notify.sh"}]}';

/** Settings as they are found on people's disks. */
const files: Readonly<Record<string, string>> = {
  "an empty file": "",
  "a blank file": " \n\n",
  "a byte order mark alone": "\ufeff",
  "an empty object": "{}",
  "an empty object and a newline": "{}\n",
  "an empty object over lines": "{\n}\n",
  "an empty object with blanks": "{  }",
  "an empty object with blank lines": "{\n\n\n}\n\n",
  "as Claude Code writes it": '{\n  "model": "opus",\n  "permissions": {\n    "allow": [\n      "Bash(npm test)"\n    ]\n  }\n}\n',
  "without a final newline": '{\n  "model": "opus"\n}',
  "four blanks": '{\n    "model": "opus",\n    "env": {\n        "A": "1"\n    }\n}\n',
  tabs: '{\n\t"model": "opus",\n\t"hooks": {\n\t\t"Stop": [\n\t\t\t{ "hooks": [] }\n\t\t]\n\t}\n}\n',
  "one line": '{"model":"opus","hooks":{"Stop":[]}}',
  "one line with gaps": '{ "model": "opus", "hooks": { "Stop": [ ] } }\n',
  "one line, one property": '{"model": "opus"}',
  "line ends of Windows": '{\r\n  "model": "opus",\r\n  "hooks": {}\r\n}\r\n',
  "a byte order mark": '\ufeff{\n  "model": "opus"\n}\n',
  escapes: '{\n  "statusLine": "\\u00e9\\u2028 \\/ é \u2028",\n  "big": 12345678901234567890.10e+2\n}\n',
  "hooks of other tools": `{\n  "hooks": {\n    "Stop": [\n      ${foreign},\n      ${foreign}\n    ],\n    "PreToolUse": [${foreign}]\n  },\n  "model": "opus"\n}\n`,
  "hooks twice over": `{\n  "hooks": {"Stop": [${foreign}]},\n  "hooks": {"Stop": [${foreign}, ${foreign}]}\n}\n`,
  "an event twice over": `{"hooks":{"Stop":[${foreign}],"Stop":[]}}`,
  "empty hooks": '{\n  "hooks": {}\n}\n',
  "empty hooks over lines": '{\n  "hooks": {\n  }\n}\n',
  "empty hooks with blank lines": '{\n  "hooks": {\n\n  }\n\n}\n',
  "empty events": '{\n  "hooks": {\n    "Stop": [],\n    "PreToolUse": [\n    ]\n  }\n}\n',
  "an event that is null": '{"hooks":{"Elicitation":null}}',
  "groups nobody reads": '{"hooks":{"Stop":[null, {"matcher":"x"}, {"hooks":null}, 5, {"hooks":[null, 5]}]}}',
  "commas in front": '{\n    "model": "opus"\n  , "env": {}\n}\n',
  "a brace on the line": '{"model": "opus",\n "env": {"A": "1"}}\n',
  "no indentation": '{\n"model": "opus",\n"hooks": {\n"Stop": [\n]\n}\n}\n',
  "blank lines between": '{\n\n  "model": "opus",\n\n  "env": {}\n\n}\n\n\n',
  "names of an object's machinery": '{"__proto__": {"hooks": 1}, "constructor": [], "hooks": {"toString": []}}',
  "an escaped name": `{"ho\\u006fks": {"St\\u006fp": [${foreign}]}}`,
  "old Mac's line ends": '{\r  "model": "opus"\r}\r',
};

/** What a program reads, without our entries and what is empty without them. */
function others(text: string | undefined): unknown {
  if (text === undefined || text.replace(/^\ufeff/, "").trim() === "") return {};
  const { hooks: all, ...rest } = JSON.parse(text.replace(/^\ufeff/, ""));
  const kept = Object.entries((all ?? {}) as Record<string, unknown>).map(([event, groups]) => [
    event,
    Array.isArray(groups)
      ? groups.filter(
          (group) =>
            !(Array.isArray(group?.hooks) && group.hooks.length > 0 && group.hooks.every((one: HookEntry | null) => one && isOurs(one))),
        )
      : groups,
  ]);
  const held = kept.filter(([, groups]) => !Array.isArray(groups) || groups.length > 0);
  return { ...rest, ...(held.length === 0 ? {} : { hooks: Object.fromEntries(held) }) };
}

const oursIn = (text: string): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(JSON.parse(text.replace(/^\ufeff/, "")).hooks as Record<string, any>)
      .map(
        ([event, groups]) =>
          [event, (groups ?? []).filter((group: any) => group?.hooks?.some?.((one: any) => one && isOurs(one)))] as const,
      )
      .filter(([, groups]) => groups.length > 0),
  );

/** All that is promised of any text. */
function holds(text: string | undefined): void {
  const put = install(text, hooks);
  assert.equal(oursIn(put), JSON.parse(JSON.stringify(hooks)), "our entries are in it");
  assert.is(JSON.stringify(others(put)), JSON.stringify(others(text)), "nothing else has changed");
  assert.is(install(put, hooks), put, "a second time changes nothing");
  assert.is(uninstall(put), text, "the bytes are those from before");
  const upgraded = install(put, { ...hooksAt(80), Notification: [{ hooks: [http(80)] }] });
  assert.not.match(upgraded, /4711/);
  assert.is(uninstall(upgraded), text, "also after an upgrade");
  assert.is(install(upgraded, hooks), put, "and back again");
}

test("what is put in comes out again, in every file people have", () => {
  holds(undefined);
  for (const [name, text] of Object.entries(files)) {
    try {
      holds(text);
      assert.is(isInstalled(text), false);
      assert.is(uninstall(text), text, "nothing of ours is in it");
    } catch (error) {
      (error as Error).message = `${name}: ${(error as Error).message}\n${install(text, hooks)}`;
      throw error;
    }
  }
});

/** Blanks between tokens: none, as an editor sets them, or anything at all. */
const blanks = fc.array(fc.constantFrom(" ", "\n", "\t", "\r\n", "  ", "\n    "), { maxLength: 3 }).map((all) => all.join(""));
type Blank = (depth: number, closing: boolean) => string;

const strings = fc.oneof(fc.string({ unit: "grapheme", maxLength: 8 }), fc.constantFrom("hooks", "Stop", "__proto__", "\u2028", "}", '",'));
const literal = (text: string, escaped: boolean): string =>
  escaped
    ? `"${[...JSON.stringify(text).slice(1, -1)].map((c) => (c > "\u007e" && c.length === 1 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}` : c)).join("")}"`
    : JSON.stringify(text);

const { value: anything } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: "json" },
    fc.constantFrom(null, true, 0, -1.5e300),
    strings,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(strings, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const entry = fc.oneof(
  fc.record({ type: fc.constant("command"), command: strings }),
  fc.record({ type: fc.constant("http"), url: fc.constantFrom("http://127.0.0.1:80/other", "https://x.example/copse/hooks") }),
  anything,
);
const group = fc.oneof(
  { weight: 4, arbitrary: fc.record({ matcher: strings, hooks: fc.array(entry, { maxLength: 2 }) }, { requiredKeys: ["hooks"] }) },
  { weight: 1, arbitrary: anything },
);
const events = fc.dictionary(fc.constantFrom("Stop", "PreToolUse", "SessionEnd", "Elicitation"), fc.array(group, { maxLength: 3 }), {
  noNullPrototype: true,
});
const settings = fc
  .tuple(
    fc.dictionary(
      strings.filter((key) => key !== "hooks"),
      anything,
      { maxKeys: 3, noNullPrototype: true },
    ),
    fc.option(events, { nil: undefined }),
    fc.nat(3),
  )
  .map(([rest, all, at]) => {
    const fields = Object.entries(rest);
    if (all !== undefined) fields.splice(at, 0, ["hooks", all]);
    return Object.fromEntries(fields);
  });

function render(value: unknown, blank: Blank, colon: () => string, escaped: boolean, depth = 1): string {
  if (typeof value === "string") return literal(value, escaped);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const parts = Array.isArray(value)
    ? value.map((one) => render(one, blank, colon, escaped, depth + 1))
    : Object.entries(value).map(([key, one]) => `${literal(key, escaped)}${colon()}${render(one, blank, colon, escaped, depth + 1)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const body = parts.map((part) => `${blank(depth, false)}${part}`).join(",");
  return `${open}${body}${blank(depth - 1, true)}${close}`;
}

/** A settings file as somebody may have written it. */
const texts = fc
  .record({
    value: settings,
    style: fc.constantFrom("lines", "line", "gaps", "chaos"),
    unit: fc.constantFrom("  ", "    ", "\t", ""),
    eol: fc.constantFrom("\n", "\r\n"),
    chaos: fc.infiniteStream(blanks),
    around: fc.tuple(fc.constantFrom("", "\ufeff"), blanks, blanks),
    escaped: fc.boolean(),
  })
  .map(({ value, style, unit, eol, chaos, around: [mark, before, after], escaped }) => {
    const next = () => chaos.next().value as string;
    const apart: Record<string, Blank> = {
      lines: (depth) => eol + unit.repeat(depth),
      line: () => "",
      gaps: (_, closing) => (closing ? "" : " "),
      chaos: next,
    };
    const colon = { lines: () => ": ", line: () => ":", gaps: () => ": ", chaos: () => `${next()}:${next()}` }[style] as () => string;
    return `${mark}${before}${render(value, apart[style] as Blank, colon, escaped)}${after}`;
  });

test("what is put in comes out again, in files nobody has thought of", () => {
  fc.assert(
    fc.property(texts, (text) => holds(text)),
    { numRuns: 300 },
  );
});

test("what the person changed meanwhile stays, and only our entries go", () => {
  const start = '{\n  "model": "opus",\n  "hooks": {\n    "Stop": [\n      { "hooks": [] }\n    ]\n  }\n}\n';
  const own = { type: "command", command: "mine" };
  const change = (text: string | undefined, work: (all: any) => void) => {
    const all = JSON.parse(install(text, hooks));
    work(all);
    return JSON.parse(uninstall(JSON.stringify(all, null, 2)) ?? "null");
  };
  assert.equal(
    change(start, (all) => all.hooks.Stop.push({ hooks: [own] })),
    { model: "opus", hooks: { Stop: [{ hooks: [] }, { hooks: [own] }] } },
    "a hook behind ours",
  );
  assert.equal(
    change(undefined, (all) => all.hooks.Stop[0].hooks.unshift(own)),
    { hooks: { Stop: [{ hooks: [own] }] } },
    "a hook within ours",
  );
  assert.equal(
    change(undefined, (all) => Object.assign(all, { model: "opus" })),
    { model: "opus" },
    "a setting in a file that was not there",
  );
  assert.equal(
    change(start, (all) => delete all.model),
    { hooks: { Stop: [{ hooks: [] }] } },
  );
  const typed = install(start, hooks).replace('"opus"', '"sonnet"').replace('{ "hooks": [] },', '{ "hooks": [] }, { "hooks": [5] },');
  assert.is(
    uninstall(typed),
    start.replace('"opus"', '"sonnet"').replace('{ "hooks": [] }', '{ "hooks": [] }, { "hooks": [5] }'),
    "to the byte",
  );
  assert.is(uninstall(install("{}", hooks).replace("{", '{\n  "model": "opus",')), '{\n  "model": "opus"\n\n}');
});

test("entries are known by themselves, and what only looks like ours stays", () => {
  for (const entry of [http(1), http(65_535), { type: "command", command: `x${commandMark}` } as const]) assert.ok(isOurs(entry));
  for (const url of [
    "http://127.0.0.1/copse/hooks",
    "http://localhost:80/copse/hooks",
    "http://127.0.0.1:80/copse/hooks/x",
    "https://127.0.0.1:80/copse/hooks",
  ])
    assert.not.ok(isOurs({ type: "http", url }), url);
  for (const command of ["copse hooks run", "copse hooks run # copse hooks ", "# copse hooks"])
    assert.not.ok(isOurs({ type: "command", command }), command);
  assert.not.ok(isOurs({ type: "command", url: hooksUrl(80) }));
});

test("what Claude Code does not read is refused, with the place", () => {
  const cases: Readonly<Record<string, [text: string, line: number, column: number, what: RegExp]>> = {
    "a comment": ['{\n  "a": 1, // why\n  "b": 2\n}', 2, 11, /a comment/],
    "a comment of several lines": ["{ /* why\n */ }", 1, 3, /a comment/],
    "a trailing comma": ['{\r\n  "a": 1,\r\n}', 3, 1, /a comma stands before this/],
    "a trailing comma in a list": ['{"a": [1, ]}', 1, 11, /a comma stands before this/],
    "an end too early": ['{"a": 1', 1, 8, /ends too early/],
    "single quotes": ["{'a': 1}", 1, 2, /not expected/],
    "text behind": ["{}\n{}", 2, 1, /not expected/],
    "a tab in a string": ['{"a": "\t"}', 1, 7, /./],
    "a number no JSON has": ['{"a": 01}', 1, 8, /./],
    "no-break space": ["{\u00a0}", 1, 2, /./],
    "a list": ["\ufeff[]", 1, 1, /settings are an object/],
    "hooks null": ['{"hooks":\n null}', 2, 2, /"hooks" is an object of events, and this is null/],
    "hooks a list": ['{"hooks":[]}', 1, 10, /and this is \[\]/],
    "an event that is an object": ['{"hooks":{"Foo":{}}}', 1, 17, /the hooks of Foo are no list/],
    "an event of ours that is null": ['{"hooks":{"Stop":null}}', 1, 18, /the hooks of Stop are no list/],
  };
  for (const [name, [text, line, column, what]] of Object.entries(cases)) {
    try {
      install(text, hooks);
      assert.unreachable(`${name} was taken`);
    } catch (error) {
      assert.instance(error, BadJson, `${name}: ${String(error)}`);
      assert.equal([(error as BadJson).line, (error as BadJson).column], [line, column], `${name}: ${(error as Error).message}`);
      assert.match((error as Error).message, what, name);
    }
  }
});

test("settings that keep hooks from running are named", () => {
  const count = (text: string) => obstacles(text).length;
  assert.equal(
    ["{}", '\ufeff{"disableAllHooks":false}', '{"allowedHttpHookUrls":["http://127.0.0.1:*"]}', '{"allowedHttpHookUrls":["*"]}'].map(count),
    [0, 0, 0, 0],
  );
  assert.equal(
    ['{"disableAllHooks":true}', '{"allowedHttpHookUrls":[]}', '{"allowedHttpHookUrls":["https://*"],"disableAllHooks":true}'].map(count),
    [1, 1, 2],
  );
});

test("entries that are in a text of whatever format come out, and leave what else is in it", () => {
  fc.assert(
    fc.property(texts, fc.constantFrom(undefined, 0, 2, "\t"), (text, indent) => {
      const body = (one: string | undefined) => JSON.parse((one ?? "{}").replace(/^\ufeff/, ""));
      // As Claude Code does when it changes a setting itself.
      const rewritten = JSON.stringify(body(install(text, hooks)), null, indent);
      assert.is(JSON.stringify(others(uninstall(rewritten))), JSON.stringify(others(text)));
      assert.is(install(rewritten, hooks), rewritten, "it is in there already");
    }),
    { numRuns: 100 },
  );
});

test.run();
