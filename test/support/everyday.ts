/**
 * A small repository for the batches that come with Copse, what an agent makes of each of their prompts (the same for a stand-in and for a scripted model), and what must then be there.
 * Run as a program it is the stand-in: it reads its prompt and does that work in its folder.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import type { Lab } from "./forge-lab.ts";
import type { Sandbox } from "./sandbox.ts";

const users = `/** Finds a user. */
export function find(id) {
  return legacyFetch("/users/" + id);
}

export function run(text) {
  return eval(text);
}
`;
const view = `export function show(id) {
  return legacyFetch("/views/" + id);
}
`;
/** Five tests fail, by two causes. */
const tests = `for (const name of ["login", "logout", "profile"]) console.log("not ok " + name + ": TypeError: user is undefined at src/api/users.js");
for (const name of ["cart", "order"]) console.log("not ok " + name + ": TimeoutError: no answer after 5 s at src/ui/view.js");
process.exit(1);
`;

export const everydayFiles: Readonly<Record<string, string>> = {
  "package.json": '{"name":"shop","private":true,"scripts":{"test":"node tests.mjs"}}\n',
  "tests.mjs": tests,
  "src/api/users.js": users,
  "src/ui/view.js": view,
  "src/ui/deep/legacy.js": "export const old = () => legacyFetch(1);\n",
};

/** Files, with their whole text, that an agent writes when it is asked this in `dir`; and its last words. */
export function work(prompt: string, dir: string): { files: Readonly<Record<string, string>>; words: string } {
  const part = (pattern: RegExp) => pattern.exec(prompt)?.[1] ?? "";
  const text = (path: string) => readFileSync(join(dir, path), "utf8");
  const sources = (folder: string, deep: boolean): string[] =>
    readdirSync(join(dir, folder), { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? (deep ? sources(`${folder}${entry.name}/`, true) : []) : [`${folder}${entry.name}`],
    );
  if (prompt.startsWith("Audit ")) {
    const holes = sources(part(/^Audit the code in (\S+) for/), true).filter((path) => text(path).includes("eval("));
    const page = holes.map((path) => `## [CRITICAL] It evaluates what it is given\n\n${path}:7: anybody runs code here.\n`).join("\n");
    return {
      files: { [part(/to (security-audit\/\S+findings\.md)/)]: page || "Nothing was found.\n" },
      words: `${holes.length} findings.`,
    };
  }
  if (prompt.includes("SUMMARY.md")) {
    const pages = sources("security-audit/", true).map(text);
    const critical = pages.join("\n").match(/\[CRITICAL\]/g)?.length ?? 0;
    const rows = pages.flatMap((page) =>
      [...page.matchAll(/^(src\S+): (.*)$/gm)].map(([, where, what]) => `| CRITICAL | ${what} | ${where} |`),
    );
    return { files: { "security-audit/SUMMARY.md": `CRITICAL: ${critical}\n\n${rows.join("\n")}\n` }, words: `CRITICAL: ${critical}` };
  }
  if (prompt.startsWith("Write JSDoc")) {
    const files = sources(part(/directly in (\S+) \(not/), false).map((path) => [
      path,
      text(path).replace(/(?<!\*\/\n)^export (function|const) (\w+)/gm, "/** What $2 does. */\n$&"),
    ]);
    return { files: Object.fromEntries(files.filter(([path = "", now]) => now !== text(path))), words: "Documented." };
  }
  if (prompt.startsWith("In the files")) {
    const [, old = "", instead = ""] = /the regular expression `(.*)` by this: (.*)\n/.exec(prompt) ?? [];
    const files = sources(part(/directly in (\S+) \(not/), false).map((path) => [path, text(path).replace(new RegExp(old, "g"), instead)]);
    return { files: Object.fromEntries(files), words: "Replaced." };
  }
  const patterns = new Map<string, string[]>();
  for (const [, name = "", error = ""] of text("test-output.txt").matchAll(/^not ok (\w+): (.*)$/gm))
    patterns.set(error, [...(patterns.get(error) ?? []), name]);
  const drafts = [...patterns].map(([error, names]) => {
    const [, kind = "", place = ""] = /^(\w+): .* at (\S+)$/.exec(error) ?? [];
    // Other words each time, as a model has them; the id is what stays.
    return [
      `issue-drafts/${kind.toLowerCase()}.md`,
      `---\nid: ${kind} ${place}\n---\n# ${kind} in ${place} (seen by ${process.pid})\n\nFails: ${names.join(", ")}.\n\n    ${error}\n`,
    ];
  });
  return { files: Object.fromEntries(drafts), words: `${patterns.size} patterns.` };
}

/** Every finding of every folder, with its severity, is on the page that sums up; and that page stands on its branch, verified. */
export async function expectAudit(box: Sandbox): Promise<void> {
  const { tasks } = await box.json(["tasks", "--batch", "security-audit"]);
  assert.equal(tasks.map(({ label, state, verify }: any) => [label, state, verify.status]).sort(), [
    ["audit-src-api", "completed", "verified"],
    ["audit-src-ui", "completed", "verified"],
    ["findings", "completed", "none"],
    ["summary", "completed", "verified"],
  ]);
  const files = box.git(["ls-tree", "-r", "--name-only", "copse/summary", "security-audit/"]).trim().split("\n");
  assert.equal(files, ["security-audit/SUMMARY.md", "security-audit/src/api/findings.md", "security-audit/src/ui/findings.md"]);
  assert.is(
    box.git(["show", "copse/summary:security-audit/SUMMARY.md"]),
    "CRITICAL: 1\n\n| CRITICAL | anybody runs code here. | src/api/users.js:7 |\n",
  );
  assert.is(box.git(["diff", "--name-only", "main", "copse/summary", "--", "src"]), "", "an audit changes no code");
  const { stdout } = await box.copse(["report", "--batch", "security-audit"]);
  assert.match(stdout, /4 tasks: 4 completed[\s\S]*CRITICAL: 1/);
  const { result } = await box.task("summary");
  assert.match(readFileSync(result.report, "utf8"), /Files it was told to write:\n\n- `security-audit\/SUMMARY\.md`/);
}

/** On each folder's branch everything exported there is documented; nothing but comments has changed, and other folders have not. */
export async function expectJsdoc(box: Sandbox): Promise<void> {
  const { tasks } = await box.json(["tasks", "--batch", "jsdoc"]);
  assert.equal(tasks.map(({ label, state }: any) => `${label} ${state}`).sort(), [
    "jsdoc-src-api completed",
    "jsdoc-src-ui completed",
    "jsdoc-src-ui-deep completed",
  ]);
  for (const [label, path] of [
    ["jsdoc-src-api", "src/api/users.js"],
    ["jsdoc-src-ui", "src/ui/view.js"],
    ["jsdoc-src-ui-deep", "src/ui/deep/legacy.js"],
  ] as const) {
    assert.is(box.git(["diff", "--name-only", "main", `copse/${label}`]).trim(), path);
    const now = box.git(["show", `copse/${label}:${path}`]);
    assert.not.match(now, /(?<!\*\/\n)^export /m, "nothing exported is without");
    assert.is(now.replace(/^\/\*\* What \w+ does\. \*\/\n/gm, ""), everydayFiles[path], "only comments were added");
  }
  assert.match(box.git(["show", "copse/jsdoc-src-api:src/api/users.js"]), /\/\*\* Finds a user\. \*\/\nexport function find/);
}

/** In each folder that had it the old pattern is gone and the new one is there, which git itself has checked. */
export async function expectRefactor(box: Sandbox): Promise<void> {
  const { tasks } = await box.json(["tasks", "--batch", "refactor"]);
  assert.equal(
    tasks.map(({ label, state, verify }: any) => [label, state, verify.status, verify.checks.length]).sort(),
    ["api", "ui", "ui-deep"].map((name) => [`refactor-src-${name}`, "completed", "verified", 1]),
  );
  assert.match(box.git(["show", "copse/refactor-src-api:src/api/users.js"]), /return apiClient\.get\("\/users\/" \+ id\)/);
  assert.is(box.git(["diff", "--name-only", "main", "copse/refactor-src-ui"]).trim(), "src/ui/view.js", "folders below are other tasks'");
}

/** One issue for each of the two patterns, whose text names the tests that fail by it; the branch has the tests' output. */
export async function expectDiagnosis(box: Sandbox, lab: Lab, label: string): Promise<void> {
  const task = await box.task(label);
  assert.equal([task.state, task.failure], ["completed", null]);
  assert.equal(
    task.result.issues.map(({ number }: any) => number),
    [101, 102],
  );
  assert.equal(
    lab.issues.map(({ title }) => title.replace(/\d+/, "N")),
    ["TimeoutError in src/ui/view.js (seen by N)", "TypeError in src/api/users.js (seen by N)"],
  );
  const [timeout, type] = lab.issues.map(({ body }) => body ?? "");
  assert.match(type ?? "", /Fails: login, logout, profile\.\n\n {4}TypeError: user is undefined at src\/api\/users\.js/);
  assert.match(timeout ?? "", /Fails: cart, order\./);
  assert.equal(box.git(["diff", "--name-only", "main", `copse/${label}`]).trim(), "test-output.txt", "no draft is on the branch");
  assert.match(box.git(["show", `copse/${label}:test-output.txt`]), /exit code 1\n$/);
  const { stdout } = await box.copse(["report", label]);
  assert.match(stdout, /Issues:\n\n- #101 TimeoutError in src\/ui\/view\.js .*issues\/101\n- #102 TypeError/);
  assert.not.ok(existsSync(join(task.worktree, "issue-drafts")));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, words } = work(readFileSync(process.env["COPSE_PROMPT_FILE"] as string, "utf8"), process.cwd());
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  console.log(JSON.stringify({ copse: "summary", text: words }));
}
