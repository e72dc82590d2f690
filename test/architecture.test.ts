/** The house rules that a program can read: which folder may import which, where each package lives, who starts processes, how a file begins. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { root } from "./support/sandbox.ts";

/** One direction: a folder (or file) and what it may import besides its own folder. Steps of a task's life never import each other. */
const step = ["process", "store", "git", "forge", "system", "core"];
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["cli", "store", "system", "core"],
  "version.ts": [],
  cli: [
    "core",
    "store",
    "git",
    "system",
    "cleanup",
    "hooks",
    "batch",
    "deps",
    "result/merge.ts",
    "result/summary.ts",
    "result/publish.ts",
    "result/pull-request.ts",
    "result/pr-body.ts",
    "result/refresh.ts",
    "result/comment.ts",
    "result/combine.ts",
    "result/combined.ts",
    "forge",
    "process/to-end.ts",
    "session/agents",
    "session/environment.ts",
    "process/tail.ts",
    "worktree/for-session.ts",
    "version.ts",
  ],
  runner: [
    "web",
    "queue",
    "worktree",
    "session",
    "result",
    "notify",
    "cleanup",
    "hooks",
    "process",
    "store",
    "git",
    "system",
    "core",
    "version.ts",
  ],
  queue: step,
  worktree: step,
  session: step,
  result: step,
  notify: step,
  cleanup: step,
  hooks: ["git", "store", "system", "core"],
  web: [
    "session/agents",
    "batch/critical-path.ts",
    "cli/view/story.ts",
    "cli/view/words.ts",
    "cli/view/log-line.ts",
    "git",
    "store",
    "system",
    "core",
    "version.ts",
  ],
  batch: ["core"],
  deps: ["process", "git", "store", "system", "core"],
  forge: ["git", "system", "core"],
  process: ["store", "system", "core"],
  git: ["store", "system", "core"],
  store: ["system", "core"],
  system: ["core"],
  core: [],
};

/** Each package has one home, so that a new major touches one file. */
const homes: Readonly<Record<string, string>> = {
  yargs: "cli/parser/",
  listr2: "cli/view/board.ts",
  "p-queue": "queue/memory.ts",
  "simple-git": "git/git.ts",
  "proper-lockfile": "store/lock.ts",
  execa: "system/command.ts",
  semver: "deps/versions.ts",
  "jsonc-parser": "system/json-text.ts",
  yaml: "batch/document.ts",
  "@octokit/core": "forge/github.ts",
  "@octokit/plugin-rest-endpoint-methods": "forge/github.ts",
  "@octokit/plugin-retry": "forge/github.ts",
  "@octokit/plugin-throttling": "forge/github.ts",
  "@gitbeaker/rest": "forge/gitlab.ts",
  "@modelcontextprotocol/server": "cli/mcp/",
  preact: "web/page/",
  zod: "cli/mcp/",
};

/** The only files that start processes by hand. */
const starters = [
  "process/supervised.ts",
  "cli/start-runner.ts",
  "system/identity.ts",
  "system/quick.ts",
  "cleanup/trash.ts",
  "system/open-browser.ts",
];

const coreMayUse = ["node:crypto", "node:util"];
const mostLines = 330;

const src = join(root, "src");
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !name.includes("generated"))
  .sort();
const textOf = (file: string) => readFileSync(join(src, file), "utf8");
/** Without comments, so that words about a rule do not break it. */
const codeOf = (file: string) =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");

/** Specifiers of static, dynamic and type imports. */
function importsOf(file: string): string[] {
  return [...codeOf(file).matchAll(/(?:^|[;\s])(?:import|export)\s+(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/g)].map(
    ([, one, other]) => (one ?? other) as string,
  );
}

/** Specifiers of what is loaded together with a file: its static imports that are not of types alone. */
function loadedBy(file: string): string[] {
  if (!file.endsWith(".ts")) return [];
  return [...codeOf(file).matchAll(/(?:^|[;\s])(?:import|export)\s+(?!type\b)(?:([^"';]*?)\sfrom\s+)?"([^"]+)"/g)]
    .filter(([, names = ""]) => !/^\{\s*(?:type \w+(?: as \w+)?,?\s*)+\}$/.test(names))
    .map(([, , specifier]) => specifier as string);
}

const folderOf = (file: string): string => (file.includes("/") ? (file.split("/")[0] as string) : file);

test("the import table names every folder", () => {
  for (const file of files)
    assert.ok(folderOf(file) in mayImport, `src/${file}: its folder is not in the table of test/architecture.test.ts`);
});

test("imports run one way", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const own = folderOf(file);
    for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
      const target = posix.join(dirname(file), specifier);
      if (target.startsWith("..") || folderOf(target) === own) continue;
      const allowed = mayImport[own] ?? [];
      if (!allowed.some((name) => target === name || target.startsWith(`${name}/`))) wrong.push(`src/${file} imports ${target}`);
    }
  }
  assert.equal(wrong, [], `${wrong.join("\n")}\nallowed: see mayImport in test/architecture.test.ts`);
});

test("the dashboard's page knows what it shares with its server, and core", () => {
  const shared = ["web/api.ts", "web/levers.ts"];
  const wrong = files
    .filter((file) => file.startsWith("web/page/"))
    .flatMap((file) =>
      importsOf(file)
        .filter((name) => name.startsWith(".") || name.startsWith("node:"))
        .map((name) => (name.startsWith(".") ? posix.join(dirname(file), name) : name))
        .filter((target) => !/^(?:web\/page|core)\//.test(target) && !shared.includes(target))
        .map((target) => `src/${file} imports ${target}`),
    );
  assert.equal(wrong, []);
});

test("no text of the dashboard's page becomes markup or code", () => {
  const wrong = files.filter(
    (file) =>
      file.startsWith("web/page/") &&
      /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|document\.write|srcdoc|javascript:|DOMParser|createContextualFragment/.test(
        codeOf(file),
      ),
  );
  assert.equal(wrong, []);
});

test("core is pure: it knows core, node:crypto and node:util", () => {
  const wrong = files
    .filter((file) => file.startsWith("core/"))
    .flatMap((file) =>
      importsOf(file)
        .filter((name) => !name.startsWith(".") && !coreMayUse.includes(name))
        .map((name) => `src/${file}: ${name}`),
    );
  assert.equal(wrong, []);
});

test("what people wait for at their prompt loads no package and starts no process", () => {
  const wrong: string[] = [];
  for (const entry of ["main.ts", "cli/commands/run.ts"]) {
    const closure = new Set([entry]);
    for (const file of closure)
      for (const name of loadedBy(file)) {
        if (name.startsWith(".")) closure.add(posix.join(dirname(file), name));
        else if (!/^node:(?:crypto|fs|module|os|path|util|v8|vm)(?:$|\/)/.test(name))
          wrong.push(`src/${entry} loads ${name} through src/${file}`);
      }
    assert.ok(closure.size > 20, `${entry}: ${closure.size} files`);
  }
  assert.equal(wrong, []);
});

test("each package has one home, and there are no others", () => {
  const wrong: string[] = [];
  const used = new Set<string>();
  for (const file of files)
    for (const name of importsOf(file).filter((one) => !one.startsWith(".") && !one.startsWith("node:"))) {
      const base = name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : (name.split("/")[0] as string);
      used.add(base);
      if (homes[base] !== file && !(homes[base]?.endsWith("/") && file.startsWith(homes[base])))
        wrong.push(`src/${file} imports ${name}${homes[base] === undefined ? "" : `; its home is src/${homes[base]}`}`);
    }
  assert.equal(wrong, []);
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  assert.equal([...used].sort(), Object.keys(dependencies).sort(), "dependencies of package.json are those that are used");
});

test("processes are started in six places, and by execa in one", () => {
  const wrong = files.filter((file) => /^import (?!type)[^;]*"(?:node:)?child_process"/m.test(codeOf(file)) && !starters.includes(file));
  assert.equal(wrong, []);
});

test("there is no shell, no exec and no eval", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const code = codeOf(file);
    if (/\bshell:\s*(?:true|["'`])/.test(code)) wrong.push(`src/${file}: shell`);
    if (/(?<![.\w])exec(?:Sync)?\(/.test(code)) wrong.push(`src/${file}: exec(`);
    if (/(?<![.\w])eval\(|new Function\(/.test(code)) wrong.push(`src/${file}: eval`);
  }
  assert.equal(wrong, []);
});

test("what an agent or a repository said goes through safe() on its way to a terminal", () => {
  // As far as a look at the text can tell: fields that others fill may stand in a print statement only inside safe…() or JSON.
  const foreign =
    /\$\{(?:warning|line|reason|why)\}|\$\{[^}]*\.(?:activity|summary|prompt|title|message|text|path|repo|top|branch|url)\b[^}]*\}/g;
  const wrong: string[] = [];
  for (const file of files.filter((name) => name.startsWith("cli/"))) {
    for (const [statement] of codeOf(file).matchAll(/(?<![.\w])(?:out|err)\([\s\S]*?\);/g)) {
      for (const [value] of statement.matchAll(foreign)) {
        if (!/safe(?:Line)?\(|JSON\.stringify\(|Text\(|Lines\(/.test(value) && !/(?:out|err)\(\s*safe(?:Line)?\(/.test(statement))
          wrong.push(`src/${file}: ${value}`);
      }
    }
  }
  assert.equal(wrong, []);
});

test("raw output of an agent is written in one place only", () => {
  const raw = files.filter((file) => /\bout\(chunk/.test(codeOf(file)));
  assert.equal(raw, ["cli/commands/logs.ts"], "`logs --raw` is byte for byte by contract; nothing else is");
});

test("every file opens with what it is for, and is no longer than a few screens", () => {
  const wrong: string[] = [];
  for (const file of files) {
    const text = textOf(file);
    if (!/^(?:#![^\n]*\n)?\/\*\*/.test(text)) wrong.push(`src/${file} does not open with a doc comment`);
    const lines = text.split("\n").length;
    if (lines > mostLines) wrong.push(`src/${file} has ${lines} lines; at most ${mostLines}: look for the seam`);
  }
  assert.equal(wrong, []);
});

test.run();
