/** What a batch is made of, from its file or from lines: read, looked up in the repository, planned. Nothing is written. */
import { readFileSync } from "node:fs";
import { basename, posix, relative, resolve } from "node:path";
import { type BatchFile, checkBatch, type Lookup } from "../../batch/check.ts";
import { type Document, readDocument } from "../../batch/document.ts";
import { matching } from "../../batch/glob.ts";
import { checkPrompt, firstWords, tasksFor } from "../../batch/issues.ts";
import { jointTask } from "../../batch/joint.ts";
import { type PlannedTask, placeOfFlag, planOf, searchesOf } from "../../batch/plan.ts";
import { type Place, refuseAny } from "../../batch/problem.ts";
import { type Given, missingValues, withGiven } from "../../batch/set.ts";
import { render, sayUnknown, unknownsIn } from "../../batch/template.ts";
import { CopseError, messageOf, systemCode } from "../../core/errors.ts";
import { sha256 } from "../../core/hash.ts";
import type { Issue } from "../../core/issues.ts";
import { labelFrom, slugOf } from "../../core/label.ts";
import { quoted } from "../../core/quoted.ts";
import { git } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { batchFlags, type Parsed } from "../flags.ts";
import { dollars, reader } from "../submit.ts";
import { issuesOf } from "./issues.ts";

export interface Source {
  readonly name: string;
  readonly limit: number | null;
  /** US dollars for all of it. */
  readonly budget: number | null;
  readonly tasks: readonly PlannedTask[];
  readonly warnings: readonly string[];
  /** Where a task, or a flag of it, stands, to be put before what is said of it. */
  readonly placeOf: (task: PlannedTask, flag?: string) => string;
}

const mostBytes = 4 * 1024 * 1024;

/** @throws CopseError BAD_BATCH, FILE_NOT_FOUND, GIT_FAILED */
export async function fromFile(
  file: string,
  repo: Repository,
  { closes = true, given = new Map(), typed = file }: { readonly closes?: boolean; readonly given?: Given; readonly typed?: string } = {},
): Promise<Source> {
  const { document: written, problems } = readDocument(textOf(resolve(file), "the batch file"));
  refuseAny(file, problems);
  refuseAny(file, checkBatch(written));
  const filled = withGiven(written.data as BatchFile, given);
  if ("text" in filled) throw new CopseError("USAGE", filled.text, { hint: filled.hint });
  const document: Document = { ...written, data: filled.batch };
  refuseAny(
    file,
    missingValues(document, (name) => `copse batch ${quoted(typed)} --set ${name}=…`),
  );
  const { batch } = filled;
  const looked = searchesOf(document);
  refuseAny(file, looked.problems);
  const warnings: string[] = [];
  const found = new Map<string, readonly string[]>();
  const issues = new Map<string, readonly Issue[]>();
  for (const { pointer, lookup } of looked.searches) {
    const at = `${file}:${say(document.at(pointer))}`;
    if ("issues" in lookup) issues.set(pointer, await issuesOf(lookup.issues, repo, at));
    const values = "issues" in lookup ? (issues.get(pointer) ?? []).map(({ number }) => String(number)) : await search(lookup, repo, at);
    if (values.length === 0)
      warnings.push(
        `${at}: ${Object.entries(lookup)
          .map(([kind, text]) => `${kind}: ${[text].flat().join(" or ")}`)
          .join()} finds nothing, so this makes no task`,
      );
    found.set(pointer, values);
  }
  const plan = planOf(document, { values: found, issues });
  refuseAny(file, plan.problems);
  const name = batch.name ?? nameFrom(file);
  const joint = jointTask(document, name, plan.tasks);
  refuseAny(file, joint.problems);
  return {
    name,
    limit: batch.limit ?? null,
    budget: batch.budget ?? null,
    tasks: [
      ...plan.tasks.map((task) => closing(withPrompt(task, document, file, repo), closes)),
      ...(joint.task === undefined ? [] : [joint.task]),
    ],
    warnings: [...warnings, ...joint.warnings.map((text) => `${file}:${say(document.at("/deliver"))}: ${text}`)],
    placeOf: (task, flag) => `${file}:${say(placeOfFlag(document, task, flag))}`,
  };
}

const closing = (task: PlannedTask, closes: boolean): PlannedTask =>
  task.issue === undefined ? task : { ...task, issue: { ...task.issue, closes } };

const nameFrom = (file: string): string =>
  basename(file)
    .replace(/\.[^.]*$/, "")
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 64) || "batch";

const say = ({ line, column }: Place): string => `${line}:${column}`;

function withPrompt(task: PlannedTask, document: Document, file: string, repo: Repository): PlannedTask {
  const at = `${file}:${say(placeOfFlag(document, task, "prompt-file"))}`;
  if (task.promptFile === null) return whole(task, `${file}:${say(placeOfFlag(document, task, "prompt"))}`);
  const text = textOf(resolve(repo.top, task.promptFile), `${at}: the prompt file`);
  const told = task.told ?? {};
  const all = { ...task.vars, ...told };
  const [unknown] = unknownsIn(text, all);
  if (unknown !== undefined) {
    const lines = text.slice(0, text.indexOf(unknown.typed)).split("\n");
    const place = { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
    refuseAny(task.promptFile, [{ at: place, ...sayUnknown(unknown, all) }]);
  }
  refuseAny(
    task.promptFile,
    firstWords(text, told).map((problem) => ({ at: { line: 1, column: 1 }, ...problem })),
  );
  const written = task.written && { ...task.written, prompt: text };
  return whole({ ...task, prompt: render(text, all), asked: render(text, task.vars), written }, at);
}

/** A lone dash is standard input to `run`. */
function whole(task: PlannedTask, at: string): PlannedTask {
  if (task.exec === null && (task.prompt.trim() === "" || task.prompt === "-"))
    throw new CopseError("BAD_BATCH", `${at}: the prompt of \`${task.key}\` says nothing`, { hint: "Say what is to be done." });
  return task;
}

/** @throws CopseError FILE_NOT_FOUND, BAD_BATCH */
function textOf(file: string, what: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > mostBytes)
      throw new CopseError("BAD_BATCH", `${what} has ${bytes.length} bytes; at most ${mostBytes} are read`, {
        hint: "Make several of it.",
      });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof CopseError) throw error;
    if (error instanceof TypeError)
      throw new CopseError("BAD_BATCH", `${what}, ${file}, is not valid UTF-8`, {
        hint: "Convert it, for instance with iconv -t utf-8.",
        cause: error,
      });
    if (!["ENOENT", "EISDIR", "EACCES", "ENOTDIR"].includes(systemCode(error))) throw error;
    throw new CopseError("FILE_NOT_FOUND", `${what} cannot be read: ${messageOf(error)}`, {
      hint: "Check its name; paths inside a batch are from the top of the repository.",
      cause: error,
    });
  }
}

async function search(lookup: Exclude<Lookup, { readonly issues: string }>, repo: Repository, at: string): Promise<string[]> {
  if ("lines" in lookup) return linesOf(textOf(resolve(repo.top, lookup.lines), `${at}: the file of lines`));
  if ("paths" in lookup) {
    const files = zeroEnded(await git(repo.top, ["ls-files", "-z"]));
    const found = [lookup.paths].flat().map((pattern) => matching(pattern, files));
    return asPaths(found.find((names) => names.length > 0) ?? []);
  }
  const pattern = "grep" in lookup ? lookup.grep : lookup["grep-folders"];
  try {
    const files = zeroEnded(await git(repo.top, ["grep", "-l", "-z", "-I", "-E", "-e", pattern]));
    return asPaths([...new Set("grep" in lookup ? files : files.map((file) => `${posix.dirname(file)}/`))].sort());
  } catch (error) {
    if (!(error instanceof CopseError) || error.code !== "GIT_FAILED") throw error;
    // Nothing said and a 1 is its way of saying that there is none.
    if (/^git grep: \(exit code 1\)$/.test(error.message)) return [];
    throw new CopseError("BAD_BATCH", `${at}: git cannot search for this: ${error.message}`, {
      hint: "It is an extended regular expression.",
      cause: error,
    });
  }
}

const zeroEnded = (text: string): string[] => text.split("\0").filter((name) => name !== "");

/** A name that begins with a dash would be a flag to whoever gets it. */
const asPaths = (names: readonly string[]): string[] => names.map((name) => (name.startsWith("-") ? `./${name}` : name));

export const linesOf = (text: string): string[] => [
  ...new Set(
    text
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== ""),
  ),
];

/** A task for each line. @throws CopseError USAGE */
export function fromLines(template: string, text: string, parsed: Parsed): Source {
  if (!template.includes("{}"))
    throw new CopseError("USAGE", "--each: there is no {} in the prompt to put the line in", {
      hint: 'Example: git ls-files "*.ts" | copse batch --each "Review {}"',
    });
  const tasks = linesOf(text).map(
    (line): PlannedTask => ({
      key: line,
      label: labelFrom(line),
      labelGiven: false,
      prompt: template.replaceAll("{}", () => line),
      promptFile: null,
      exec: null,
      flags: flagsOf(parsed),
      needs: [],
      baseKey: null,
      vars: {},
      pointer: "",
    }),
  );
  return { ...named(parsed, `each-${sha256(template).slice(0, 8)}`), tasks, warnings: [], placeOf: (task) => `line "${task.key}"` };
}

/** A task for each issue that is meant. @throws CopseError USAGE, FORGE_FAILED */
export async function fromIssues(query: string, template: string, parsed: Parsed, repo: Repository): Promise<Source> {
  const wrong = checkPrompt(template);
  if (wrong !== undefined) throw new CopseError("USAGE", `--issues: ${wrong.text}`, { hint: wrong.hint });
  const issues = await issuesOf(query, repo);
  const closes = !reader(parsed).flag("no-close");
  return {
    ...named(
      parsed,
      `issues-${slugOf(
        query
          .replace(/[^A-Za-z0-9]+/g, "-")
          .replace(/^-+|-+$/g, "")
          .toLowerCase() || query,
      )}`,
    ),
    tasks: tasksFor(issues, template, flagsOf(parsed), closes),
    warnings: issues.length === 0 ? [`--issues ${query}: there is no such issue, so this makes no task`] : [],
    placeOf: (task) => `issue ${task.key}`,
  };
}

const own = [...batchFlags.map(({ name }) => name), "json", "quiet", "background", "debug"];

/** Those of `run`, for every task. */
const flagsOf = ({ values }: Parsed): PlannedTask["flags"] =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !own.includes(name))) as PlannedTask["flags"];

/** What the command line says of a batch that has no file. @throws CopseError USAGE */
function named(parsed: Parsed, usual: string): Pick<Source, "name" | "limit" | "budget"> {
  const flags = reader(parsed);
  const name = flags.text("batch") ?? usual;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw new CopseError("USAGE", `--batch: "${name}" cannot be a batch's name`, { hint: "Letters, digits, dots, dashes: --batch review" });
  return {
    name,
    limit: flags.text("limit") === null ? null : flags.whole("limit", 1, 1),
    budget: dollars(flags.text("budget"), "--budget"),
  };
}

/** The path as people type it. */
export const shown = (file: string): string => {
  const near = relative(process.cwd(), resolve(file));
  return near.startsWith("..") ? file : near;
};
