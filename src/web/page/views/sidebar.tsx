/** All tasks in four groups, those that need a person first; only the rows in sight are drawn. */
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { TaskRow } from "../../api.ts";
import { useAll, useBox } from "../box.ts";
import { cursor, filter } from "../nav.ts";
import { allGroups, type Group, groupsOf, groupTitles, matches } from "../pure/groups.ts";
import { scrollTo, sliceAt, topsOf } from "../pure/window.ts";
import { link, loadOlder, state } from "../store.ts";
import { Row } from "./row.tsx";

const [groupPx, rowPx, morePx] = [30, 54, 46];

type Item =
  | { readonly kind: "group"; readonly group: Group }
  | { readonly kind: "row"; readonly task: TaskRow }
  | { readonly kind: "more" };
const heightOf = ({ kind }: Item): number => (kind === "group" ? groupPx : kind === "row" ? rowPx : morePx);

/** As they stand in the sidebar, for j and k. */
export const inOrder = (rows: Iterable<TaskRow>, words: string): TaskRow[] =>
  groupsOf([...rows].filter((task) => matches(task, words))).flatMap(({ tasks }) => tasks);

export function Sidebar() {
  const rows = useBox(state, ({ rows }) => rows);
  const loaded = useBox(state, ({ loaded }) => loaded);
  const more = useBox(state, ({ more }) => more);
  const words = useAll(filter);
  const { kind } = useAll(link);
  const groups = useMemo(
    () => (words.trim() === "" ? allGroups(rows) : groupsOf([...rows.values()].filter((task) => matches(task, words)))),
    [rows, words],
  );
  const items = useMemo(
    (): Item[] => [
      ...groups
        .filter(({ tasks }) => tasks.length > 0)
        .flatMap((group): Item[] => [{ kind: "group", group }, ...group.tasks.map((task): Item => ({ kind: "row", task }))]),
      ...(more ? [{ kind: "more" } as const] : []),
    ],
    [groups, more],
  );
  const found = groups.reduce((sum, { tasks }) => sum + tasks.length, 0);
  return (
    <aside class="side" aria-label="Tasks">
      <div class="tools">
        <label class="unseen" for="filter">
          Filter the tasks
        </label>
        <input
          id="filter"
          type="search"
          placeholder="Filter: words, state:running, tag:x, repo:x"
          value={words}
          onInput={(event) => filter.set(event.currentTarget.value)}
        />
      </div>
      {items.length > 0 ? (
        <Rows items={items} />
      ) : (
        <div class="empty">
          {!loaded ? (
            <p>{kind === "out" ? "Not let in." : kind === "lost" ? "No runner." : "Loading …"}</p>
          ) : rows.size > 0 ? (
            <>
              <p>No task is like “{words}”.</p>
              <button type="button" onClick={() => filter.set("")}>
                Show all
              </button>
            </>
          ) : (
            <p>No tasks yet.</p>
          )}
        </div>
      )}
      <p class="unseen" role="status">
        {words === "" ? "" : `${found} found`}
      </p>
    </aside>
  );
}

function Rows({ items }: { items: readonly Item[] }) {
  const box = useRef<HTMLElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const at = useAll(cursor);
  const tops = useMemo(() => topsOf(items.map(heightOf)), [items]);
  const measure = () => {
    const element = box.current;
    if (element === null) return;
    const { scrollTop: top, clientHeight: height } = element;
    setView((last) => (last.top === top && last.height === height ? last : { top, height }));
  };
  useLayoutEffect(() => {
    const watch = new ResizeObserver(measure);
    if (box.current !== null) watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => {
    const element = box.current;
    const index = items.findIndex((item) => item.kind === "row" && item.task.id === at);
    if (element === null || index < 0) return;
    const top = scrollTo(tops, index, element.scrollTop, element.clientHeight);
    if (top !== element.scrollTop) element.scrollTop = top;
    measure();
    // Only when another row is selected: whoever scrolls away meanwhile is left alone.
  }, [at]);
  const { first, end } = sliceAt(tops, view.top, view.height);
  const seen = items.slice(first, end);
  // One stop for the tab key: the selected row, or the first in sight.
  const stop = seen.some((item) => item.kind === "row" && item.task.id === at) ? at : seen.find((item) => item.kind === "row")?.task.id;
  return (
    <section class="rows" ref={box} onScroll={measure} aria-label="List of tasks">
      <ul class="all" style={{ height: `${tops.at(-1)}px` }}>
        {seen.map((item, i) => (
          <Drawn key={keyOf(item)} item={item} top={tops[first + i] as number} at={at} stop={stop} />
        ))}
      </ul>
    </section>
  );
}

const keyOf = (item: Item): string => (item.kind === "row" ? item.task.id : item.kind === "group" ? `group ${item.group.name}` : "more");

function Drawn({ item, top, at, stop }: { item: Item; top: number; at: string | null; stop: string | null | undefined }) {
  switch (item.kind) {
    case "group":
      return (
        <li class={`group ${item.group.name}`} style={{ transform: `translateY(${top}px)` }}>
          {groupTitles[item.group.name]} · {item.group.tasks.length}
        </li>
      );
    case "row":
      return <Row task={item.task} top={top} selected={item.task.id === at} stop={item.task.id === stop} />;
    case "more":
      return (
        <li class="row-more" style={{ transform: `translateY(${top}px)` }}>
          <button type="button" onClick={() => void loadOlder()}>
            Show older ones
          </button>
        </li>
      );
  }
}
