/** What a batch is made of, from its file or from lines: read, looked up in the repository, planned. Nothing is written. */
import { readFileSync } from "node:fs";
import { basename, posix, relative, resolve } from "node:path";
import { type BatchFile, checkBatch, type Lookup } from "../../batch/check.ts";
import { type Document, readDocument } from "../../batch/document.ts";
import { matching } from "../../batch/glob.ts";
import { type PlannedTask, placeOfFlag, planOf, searchesOf } from "../../batch/plan.ts";
import { type Place, refuseAny } from "../../batch/problem.ts";
import { type Given, missingValues, withGiven } from "../../batch/set.ts";
import { render, sayUnknown, unknownsIn } from "../../batch/template.ts";
import { CopseError, messageOf, systemCode } from "../../core/errors.ts";
import { sha256 } from "../../core/hash.ts";
import { labelFrom } from "../../core/label.ts";
import { quoted } from "../../core/quoted.ts";
import { git } from "../../git/git.ts";
import type { Repository } from "../../git/repository.ts";
import { batchFlags, type Parsed } from "../flags.ts";
import { dollars, reader } from "../submit.ts";

export interface Source {
  readonly name: string;
  readonly limit: number | null;
  /** US dollars for all of it. */
  readonly budget: number | null;
  readonly tasks: readonly PlannedTask[];
  readonly warnings: readonly string[];
  /** Of what this version cannot do yet and the batch asks for: its name and where it stands. */
  readonly later: readonly { readonly what: string; readonly at: string }[];
  /** Where a task, or a flag of it, stands, to be put before what is said of it. */
  readonly placeOf: (task: PlannedTask, flag?: string) => string;
}

const mostBytes = 4 * 1024 * 1024;

/** @throws CopseError BAD_BATCH, FILE_NOT_FOUND, GIT_FAILED */
export async function fromFile(file: string, repo: Repository, given: Given = new Map(), typed = file): Promise<Source> {
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
  for (const { pointer, lookup } of looked.searches) {
    const values = await search(lookup, repo, `${file}:${say(document.at(pointer))}`);
    if (values.length === 0)
      warnings.push(
        `${file}:${say(document.at(pointer))}: ${Object.entries(lookup)
          .map(([kind, text]) => `${kind}: ${[text].flat().join(" or ")}`)
          .join()} finds nothing, so this makes no task`,
      );
    found.set(pointer, values);
  }
  const plan = planOf(document, found);
  refuseAny(file, plan.problems);
  const name =
    batch.name ??
    (basename(file)
      .replace(/\.[^.]*$/, "")
      .replace(/[^\w.-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 64) ||
      "batch");
  return {
    name,
    limit: batch.limit ?? null,
    budget: batch.budget ?? null,
    tasks: plan.tasks.map((task) => withPrompt(task, document, file, repo)),
    warnings,
    later: laterIn(batch, document, file),
    placeOf: (task, flag) => `${file}:${say(placeOfFlag(document, task, flag))}`,
  };
}

const say = ({ line, column }: Place): string => `${line}:${column}`;

const laterIn = (batch: BatchFile, document: Document, file: string): Source["later"] =>
  batch.deliver === "one-pr" ? [{ what: "`deliver: one-pr`", at: `${file}:${say(document.at("/deliver"))}` }] : [];

function withPrompt(task: PlannedTask, document: Document, file: string, repo: Repository): PlannedTask {
  const at = `${file}:${say(placeOfFlag(document, task, "prompt-file"))}`;
  if (task.promptFile === null) return whole(task, `${file}:${say(placeOfFlag(document, task, "prompt"))}`);
  const text = textOf(resolve(repo.top, task.promptFile), `${at}: the prompt file`);
  const [unknown] = unknownsIn(text, task.vars);
  if (unknown !== undefined) {
    const lines = text.slice(0, text.indexOf(unknown.typed)).split("\n");
    const place = { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
    refuseAny(task.promptFile, [{ at: place, ...sayUnknown(unknown, task.vars) }]);
  }
  return whole({ ...task, prompt: render(text, task.vars) }, at);
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

async function search(lookup: Lookup, repo: Repository, at: string): Promise<string[]> {
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
  const flags = reader(parsed);
  const own = [...batchFlags.map(({ name }) => name), "json", "quiet", "background", "debug"];
  const values = Object.fromEntries(Object.entries(parsed.values).filter(([name]) => !own.includes(name))) as PlannedTask["flags"];
  const tasks = linesOf(text).map(
    (line): PlannedTask => ({
      key: line,
      label: labelFrom(line),
      labelGiven: false,
      prompt: template.replaceAll("{}", () => line),
      promptFile: null,
      exec: null,
      flags: values,
      needs: [],
      baseKey: null,
      vars: {},
      pointer: "",
    }),
  );
  const name = flags.text("batch") ?? `each-${sha256(template).slice(0, 8)}`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw new CopseError("USAGE", `--batch: "${name}" cannot be a batch's name`, { hint: "Letters, digits, dots, dashes: --batch review" });
  return {
    name,
    limit: flags.text("limit") === null ? null : flags.whole("limit", 1, 1),
    budget: dollars(flags.text("budget"), "--budget"),
    tasks,
    warnings: [],
    later: [],
    placeOf: (task) => `line "${task.key}"`,
  };
}

/** The path as people type it. */
export const shown = (file: string): string => {
  const near = relative(process.cwd(), resolve(file));
  return near.startsWith("..") ? file : near;
};
