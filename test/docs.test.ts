/**
 * Documents that run: links resolve, README's console blocks do what they show, and the lists in the documents are those of the code.
 * In a block marked `console`, a line that begins with `$ ` is run by bash in a sample repository (blocks follow each other in the same world, where
 * `copse` is the built one and `claude` a stand-in), and what stands below it is compared with what it prints: `…` stands for anything, runs of blanks are one.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { commandNames } from "../src/cli/names.ts";
import { moves } from "../src/core/evolve.ts";
import { parseConfig } from "../src/store/config.ts";
import { builtCli, root, type Sandbox, sandbox } from "./support/sandbox.ts";

const skipped = ["node_modules", "dist", "coverage", ".git", ".cache", "test/recordings"];
const documents = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter(
    (name) => name.endsWith(".md") && !skipped.some((dir) => name === dir || name.startsWith(`${dir}/`) || name.includes("/node_modules/")),
  )
  .filter((name) => !name.startsWith("templates/"))
  .sort();
const textOf = (name: string) => (existsSync(join(root, name)) ? readFileSync(join(root, name), "utf8") : undefined);
const readme = textOf("README.md");

test("every relative link in the documents leads somewhere", () => {
  const wrong: string[] = [];
  for (const name of documents) {
    const prose = (textOf(name) as string).replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
    const targets = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
      ([, one, other]) => (one ?? other) as string,
    );
    for (const target of targets) {
      if (/^[a-z][a-z+.-]*:/i.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? join(root, name) : path.startsWith("/") ? join(root, path) : join(root, dirname(name), decodeURI(path));
      if (!existsSync(file)) wrong.push(`${name}: ${target}`);
      else if (anchor !== undefined && file.endsWith(".md") && !anchorsOf(readFileSync(file, "utf8")).has(anchor))
        wrong.push(`${name}: ${target} (no such heading)`);
    }
  }
  assert.equal(wrong, []);
});

test("the README leads to every guide", () => {
  const guides = documents.filter((name) => name.startsWith("docs/"));
  assert.ok(guides.length > 5);
  assert.equal(
    guides.filter((name) => !readme?.includes(`](${name})`)),
    [],
  );
});

/** Anchors as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ""] of text.replace(/```[\s\S]*?```/g, "").matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const base = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replace(/\s/g, "-");
    const times = seen.get(base) ?? 0;
    seen.set(base, times + 1);
    anchors.add(times === 0 ? base : `${base}-${times}`);
  }
  for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id as string);
  return anchors;
}

test("every command is in the README", () => {
  if (readme === undefined) return;
  const names = commandNames.filter((name) => name !== "help");
  const missing = names.filter(
    (name) => !new RegExp(`\\bcopse(?: \\[)? ?${name}\\b|\`${name}[\` ]|\\b${name}\`|\\| \`?${name}`).test(readme),
  );
  assert.equal(missing, []);
});

test("every error code is in the README", () => {
  if (readme === undefined) return;
  const table = /const exitOf = \{([\s\S]*?)\} as const/.exec(readFileSync(join(root, "src", "core", "errors.ts"), "utf8"))?.[1] ?? "";
  const codes = [...table.matchAll(/^\s+([A-Z_]+):/gm)].map(([, code]) => code as string);
  assert.ok(codes.length > 20, "the codes of src/core/errors.ts can be read");
  assert.equal(
    codes.filter((code) => !new RegExp(`\\b${code}\\b`).test(readme)),
    [],
  );
});

test("docs/gates.md tells of every gate, and its configuration is read as it stands", () => {
  const schema = JSON.parse(textOf("schema/config.schema.json") as string);
  const gates = Object.keys(schema.properties.gates.properties);
  const text = textOf("docs/gates.md") ?? "";
  assert.equal(
    [...text.matchAll(/^## ([a-z]+(?:-[a-z]+)+)$/gm)].map(([, name]) => name),
    gates,
  );
  for (const [name, page] of Object.entries({ "docs/gates.md": text, "docs/claude-code.md": textOf("docs/claude-code.md") ?? "" })) {
    const block = /```json\n(\{ "gates"[\s\S]*?)```/.exec(page)?.[1] ?? "{}";
    const warnings: string[] = [];
    assert.equal(Object.keys(parseConfig(block, name, warnings).gates ?? {}), gates, name);
    assert.equal(warnings, []);
  }
});

test("the table of moves in ARCHITECTURE.md is the one of the code", () => {
  const text = textOf("ARCHITECTURE.md");
  if (text === undefined) return;
  const found = /<!-- moves -->\n([\s\S]*?)\n<!-- \/moves -->/.exec(text)?.[1];
  const wanted = movesTable();
  assert.is(
    found?.trim(),
    wanted,
    `between the lines <!-- moves --> and <!-- /moves --> of ARCHITECTURE.md there must stand:\n\n${wanted}\n`,
  );
});

function movesTable(): string {
  const rows = Object.entries(moves).map(([from, to]) => `| ${from} | ${to.filter((state) => state !== from).join(", ")} |`);
  return ["| from | to |", "|---|---|", ...rows].join("\n");
}

interface Command {
  readonly line: string;
  readonly expected: string;
  readonly at: number;
}

function consoleBlocks(text: string): Command[][] {
  return [...text.matchAll(/^```console[^\n]*\n([\s\S]*?)^```/gm)].map((match) => {
    const first = text.slice(0, match.index).split("\n").length + 1;
    const commands: { line: string; expected: string; at: number }[] = [];
    for (const [i, line] of (match[1] as string).split("\n").entries()) {
      const last = commands.at(-1);
      if (line.startsWith("$ ")) commands.push({ line: line.slice(2), expected: "", at: first + i });
      else if (last?.line.endsWith("\\")) last.line += `\n${line.replace(/^> /, "")}`;
      else if (last) last.expected += `${line}\n`;
    }
    return commands;
  });
}

const fold = (text: string) =>
  text
    .replace(/\u001b\[[\d;]*m/g, "")
    .split("\n")
    .map((line) => line.replace(/\s+/g, " ").trim())
    .filter((line) => line !== "")
    .join("\n");

/** `…` is anything, also several lines. */
function agrees(printed: string, expected: string): boolean {
  const pattern = fold(expected)
    .split("…")
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .join("[\\s\\S]*?");
  return new RegExp(`^${pattern}$`).test(fold(printed));
}

function runBlock(box: Sandbox, env: Record<string, string>, block: readonly Command[]): string[] {
  const mark = "\u001e";
  const script = [
    "exec 2>&1 </dev/null; shopt -s expand_aliases",
    ...block.flatMap(({ line }) => [line, `printf '${mark}%s\\n' "$?"`]),
  ].join("\n");
  const file = join(box.dir, "block.sh");
  writeFileSync(file, `${script}\n`);
  const ran = spawnSync("bash", [file], { cwd: box.repo, env, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8", timeout: 60_000 });
  const parts = ran.stdout.split(new RegExp(`${mark}(\\d+)\\n`));
  return block.flatMap(({ line, expected, at }, i) => {
    const [printed, code] = [parts[2 * i], parts[2 * i + 1]];
    if (printed === undefined || code === undefined) return [`README.md:${at}: \`${line}\` did not come to its end`];
    if (expected.trim() === "") return code === "0" ? [] : [`README.md:${at}: \`${line}\` exited ${code}:\n${printed}`];
    return agrees(printed, expected) ? [] : [`README.md:${at}: \`${line}\`\n  shows:\n${expected}  prints:\n${printed}`];
  });
}

/** A world in which README's commands make sense: a small project, the built `copse`, and a `claude` that writes a file in a second. */
async function readmeWorld(): Promise<{ box: Sandbox; env: Record<string, string> }> {
  const box = await sandbox({
    "package.json": '{"private":true,"scripts":{"test":"exit 0"}}\n',
    "src/api/users.js": "export const users = [];\n",
    "task.md": "Do it.\n",
  });
  const bin = join(box.dir, "bin");
  const config = join(box.dir, "home", ".config", "copse");
  mkdirSync(bin);
  mkdirSync(config, { recursive: true });
  const program = (name: string, text: string) => {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  };
  program("copse", `#!/bin/sh\nexec "${process.execPath}" "${builtCli}" "$@"\n`);
  program(
    "claude",
    `#!/bin/sh\ncat > /dev/null\necho '{"copse":"activity","text":"scanning src/api/"}'\nsleep 1\necho "by $COPSE_LABEL" > "$COPSE_LABEL.md"\necho '{"copse":"summary","text":"Done."}'\n`,
  );
  // Under the name of the real one, so that README's lines work as they are.
  writeFileSync(join(config, "config.json"), JSON.stringify({ agents: { claude: { command: [join(bin, "claude")] } } }));
  return { box, env: { ...box.env, PATH: `${bin}:${box.env["PATH"]}`, COPSE_IDLE_SECONDS: "20" } };
}

test("README's console blocks print what they show", async () => {
  const blocks = consoleBlocks(readme ?? "").filter((block) => block.length > 0);
  if (blocks.length === 0) return;
  const { box, env } = await readmeWorld();
  try {
    const wrong = blocks.flatMap((block) => runBlock(box, env, block));
    assert.is(wrong.length, 0, `\n${wrong.join("\n\n")}`);
  } finally {
    await box.close();
  }
});

test("a console block is read, run and compared as said above", async () => {
  const text = [
    "```console",
    '$ copse -w -b --label docs "Write the API docs"',
    "docs (…) queued",
    "…",
    "$ copse wait docs",
    "…",
    "$ copse tasks",
    "✓ docs  completed  (…)  …1 file…",
    "$ git show copse/docs:docs.md",
    "by docs",
    "$ copse shwo docs",
    "copse: unknown command shwo",
    "  Did you mean copse show?…",
    "```",
  ].join("\n");
  const { box, env } = await readmeWorld();
  try {
    const [block = []] = consoleBlocks(text);
    assert.is(block.length, 5);
    assert.equal(runBlock(box, env, block), []);
    assert.match(runBlock(box, env, [{ line: "echo one", expected: "two\n", at: 7 }])[0] ?? "", /README\.md:7: `echo one`/);
    assert.match(runBlock(box, env, [{ line: "false", expected: "", at: 8 }])[0] ?? "", /exited 1/);
  } finally {
    await box.close();
  }
});

test.run();
