/** The whole screen as rows of text, from what is known. Pure; everything an agent or a person named has been made safe before it is put in. */
import { decide } from "../../core/decide.ts";
import { redact } from "../../core/redact.ts";
import { safeLine } from "../../core/safe.ts";
import type { Task } from "../../core/task.ts";
import type { Paint } from "../view/paint.ts";
import { ageOf, colours, costText, marks, remarks, widthOf } from "../view/words.ts";
import { bottom } from "./bottom.ts";
import type { Frame } from "./changes.ts";
import { repoName, type Seen } from "./groups.ts";
import { pageRows, placeOf } from "./layout.ts";
import { current, isHeading, listRows, type Page, type State, shown } from "./model.ts";
import { type Cell, cells, clip, fold, type Row } from "./text.ts";

/** Below this there is nothing to be seen. */
const [leastColumns, leastRows] = [24, 8];

export function screen(state: State, paint: Paint): Frame {
  const { columns, rows } = state.size;
  if (columns < leastColumns || rows < leastRows) return { lines: filledUp([clip("make this larger", columns)], rows), cursor: null };
  const { list, info } = placeOf(state);
  const below = bottom(state);
  const body = state.page === null ? listLines(state, list, paint) : pageLines(state, state.page, list, paint);
  const lines = [
    state.page === null ? heading(state, paint) : pageHeading(state, state.page, paint),
    ...filledUp(body, list),
    ...(info === 0 ? [] : filledUp(infoLines(state, info, paint), info)),
    ...below.rows.map((row) => painted(row, paint)),
    paint.dim(clip(keysText(state), columns - 1)),
  ].slice(0, rows);
  const cursor = below.cursor === null ? null : { row: 1 + list + info + below.cursor.row, column: below.cursor.column };
  return { lines: filledUp(lines, rows), cursor: cursor !== null && cursor.row < rows ? cursor : null };
}

const filledUp = (lines: readonly string[], rows: number): string[] => [
  ...lines,
  ...Array<string>(Math.max(0, rows - lines.length)).fill(""),
];

/** Counts, then whose tasks these are, then whether a runner is up; as much as there is room for. */
function heading(state: State, paint: Paint): string {
  const wide = state.size.columns >= 70;
  const mark = marks[paint.utf8 ? "utf8" : "ascii"];
  const tasks = shown(state);
  const count = (group: Seen["group"]) => tasks.filter((one) => one.group === group).length;
  const needs = count("needs");
  const parts: [string, (text: string) => string][] = [
    [`${mark.blocked} ${needs}${wide ? (needs === 1 ? " needs you" : " need you") : ""}`, needs > 0 ? paint.yellow : paint.dim],
    [`${mark.running} ${count("running")}${wide ? " running" : ""}`, paint.blue],
    [`${mark.queued} ${count("queued")}${wide ? " queued" : ""}`, paint.dim],
    [`${mark.completed} ${count("done")}${wide ? " done lately" : ""}`, paint.dim],
    runnerPart(state, paint),
    [state.here ? "this repository" : "all repositories", paint.dim],
    ...(state.filter === "" ? [] : ([[`filter: ${safeLine(state.filter, 40)}`, paint.cyan]] as [string, (text: string) => string][])),
  ];
  let left = state.size.columns - 1;
  return parts
    .flatMap(([text, tone], n) => {
      const gap = n === 0 ? "" : wide ? " · " : "  ";
      const fits = left >= gap.length + text.length;
      left = fits ? left - gap.length - text.length : 0;
      return fits ? [`${paint.dim(gap)}${tone(text)}`] : [];
    })
    .join("");
}

/** Looking starts none; what a person does here does, as the same command would. */
function runnerPart({ facts, size }: State, paint: Paint): [string, (text: string) => string] {
  if (facts.runner) return ["runner up", paint.dim];
  const idle = facts.tasks.every(({ group }) => group === "done");
  if (idle) return ["no runner is up", paint.dim];
  return [size.columns < 120 ? "no runner is up" : "no runner is up: your next command starts one", paint.yellow];
}

const titles = { needs: "Needs you", running: "Running", queued: "Queued", done: "Done lately" } as const;

function listLines(state: State, most: number, paint: Paint): string[] {
  const tasks = shown(state);
  if (tasks.length === 0) return emptyText(state).flatMap((line) => fold(line, state.size.columns - 1));
  const width = widths(state, tasks);
  return listRows(tasks)
    .slice(state.top, state.top + most)
    .map((row) =>
      isHeading(row)
        ? paint.bold(`${titles[row.group]} (${row.count})`)
        : taskLine(row, row.task.id === state.selected, width, state, paint),
    );
}

function emptyText(state: State): string[] {
  if (state.filter !== "") return [`No task is like "${safeLine(state.filter, 60)}". Esc: all of them`];
  const where = state.here ? " in this repository (h: all repositories)" : "";
  return [
    "",
    `No tasks${where}. Start one in another terminal:`,
    '  copse -w -b --label docs "Write the API docs"',
    "It shows up here by itself; older ones: copse tasks --all",
  ];
}

interface Widths {
  readonly label: number;
  readonly repo: number;
  readonly age: number;
  readonly cost: number;
}

/** What there is no room for is left out: first the cost, then the repository, then the time. */
function widths(state: State, tasks: readonly Seen[]): Widths {
  const { columns } = state.size;
  const longest = Math.max(4, ...tasks.map(({ task }) => widthOf(safeLine(task.label, 40))));
  const several = new Set(tasks.map(({ task }) => task.repoId)).size > 1;
  return {
    label: Math.min(longest, columns < 60 ? 14 : columns < 100 ? 24 : 40, columns - 17),
    repo: several && columns >= 90 ? 14 : 0,
    age: columns >= 90 ? 17 : columns >= 56 ? 12 : 0,
    cost: columns >= 100 && tasks.some(({ task }) => task.progress.cost.usd !== null) ? 7 : 0,
  };
}

function taskLine({ task, beside }: Seen, chosen: boolean, width: Widths, state: State, paint: Paint): string {
  const mark = marks[paint.utf8 ? "utf8" : "ascii"][task.state];
  const colour = paint[colours[task.state]];
  const { usd } = task.progress.cost;
  const used = 4 + width.label + 1 + 11 + (width.repo && width.repo + 1) + (width.age && width.age + 1) + (width.cost && width.cost + 1);
  const row: Cell[] = [
    { text: `${chosen ? ">" : " "} ${mark}`, columns: 3, paint: colour },
    { text: safeLine(task.label, 60), columns: width.label, ...(chosen ? { paint: paint.reverse } : {}) },
    ...(width.repo > 0 ? [{ text: repoName(task), columns: width.repo, paint: paint.dim }] : []),
    { text: task.state, columns: 10, paint: colour },
    ...(width.age > 0 ? [{ text: ageOf(task, state.facts.now), columns: width.age, paint: paint.dim }] : []),
    ...(width.cost > 0
      ? [{ text: usd === null ? "" : `$${usd.toFixed(2)}`.padStart(width.cost), columns: width.cost, paint: paint.dim }]
      : []),
    { text: safeLine(remarks(task, beside, state.facts.now), 300), columns: Math.max(0, state.size.columns - 1 - used) },
  ];
  return cells(row).trimEnd();
}

/** All of the chosen task: what its line has no room for. */
function infoLines(state: State, rows: number, paint: Paint): string[] {
  const seen = current(state);
  if (seen === undefined) return [];
  const { task, beside } = seen;
  const parts = [task.label, repoName(task), remarks(task, beside, state.facts.now), costText(task) ?? "", task.request.title];
  const text = safeLine(redact(parts.filter((part) => part !== "").join(" · ")), 2000);
  const all = fold(text, state.size.columns - 1);
  const lines = all.length <= rows ? all : [...all.slice(0, rows - 1), clip(all.slice(rows - 1).join(" "), state.size.columns - 1)];
  return lines.map(paint.dim);
}

const pageNames = { show: "its life", logs: "logs", diff: "what it changed", help: "keys" } as const;

function pageHeading(state: State, page: Page, paint: Paint): string {
  const task = current(state)?.task;
  const rows = pageRows(state, page).length;
  const { list } = placeOf(state);
  const place = rows <= list ? "" : `${Math.min(rows, page.top + list)} of ${rows}`;
  const follow = page.follow ? "following" : "";
  const parts = [
    page.id === null ? "copse watch" : safeLine(task?.label ?? page.id, 60),
    pageNames[page.kind],
    page.note,
    task === undefined || page.id === null ? "" : task.state,
    follow,
    place,
  ];
  return paint.bold(clip(parts.filter((part) => part !== "").join(" · "), state.size.columns - 1));
}

const pageLines = (state: State, page: Page, most: number, paint: Paint): string[] =>
  pageRows(state, page)
    .slice(page.top, page.top + most)
    .map((row) => painted(row, paint));

const painted = ({ text, tone }: Row, paint: Paint): string => (tone === "plain" ? text : paint[tone](text));

/** What the keys do here; those of the chosen task only where they can do something. */
function keysText(state: State): string {
  if (state.panel !== null) return "";
  const task = current(state)?.task;
  const doing = task === undefined || state.page?.kind === "help" ? [] : taskKeys(state);
  if (state.page === null) return [...doing, "/ filter", "h here/all", "? help", "q leave"].join("  ");
  return ["q back", "j k scroll", ...(state.page.kind === "diff" ? ["[ ] file"] : []), ...doing].join("  ");
}

const hears = (task: Task): boolean => "facts" in decide(task, { ask: "send", text: "…", by: "a person" });

function taskKeys(state: State): string[] {
  const seen = current(state);
  if (seen === undefined) return [];
  const { task, group } = seen;
  const ended = group === "done";
  const asks = task.state === "blocked" && task.attachedBy === null;
  const { kind = null } = state.page ?? {};
  return [
    ...(asks ? ["a answer"] : []),
    ...(kind === "show" ? [] : ["enter life"]),
    ...(kind === "logs" ? [] : ["l logs"]),
    ...(kind === "diff" || task.base === null ? [] : ["d diff"]),
    ...(!asks && hears(task) ? ["a tell it"] : []),
    ...(ended ? ["r retry"] : ["s stop"]),
    ...(task.sessionBegun ? ["o attach"] : []),
    ...(ended && task.branch !== null && task.repoId === state.facts.hereId ? ["m merge"] : []),
    ...(ended && task.branch !== null ? ["p pr"] : []),
  ];
}
