/** What stands beside the list before a task is chosen: what needs a person, or how to begin. */
import { useBox } from "../box.ts";
import { allGroups, nameOfRepo } from "../pure/groups.ts";
import { writeRoute } from "../pure/route.ts";
import { shownLine } from "../pure/text.ts";
import { detailOf } from "../pure/words.ts";
import { link, state } from "../store.ts";
import { Mark } from "./mark.tsx";

export function Home() {
  const rows = useBox(state, ({ rows }) => rows);
  const loaded = useBox(state, ({ loaded }) => loaded);
  const away = useBox(link, ({ kind }) => kind === "lost");
  if (!loaded)
    return (
      <p class="empty" role="status">
        {away ? "Your tasks are shown as soon as a runner is there." : "Loading …"}
      </p>
    );
  if (rows.size === 0)
    return (
      <div class="empty">
        <h1>No tasks yet</h1>
        <p>Say what is to be done; it is done in a worktree of its own, and what came of it is shown here.</p>
        <a class="button main" href="#/new">
          New task
        </a>
        <p>
          or in a terminal: <code>copse -b "…"</code>
        </p>
      </div>
    );
  const needs = allGroups(rows)[0]?.tasks ?? [];
  if (needs.length === 0)
    return (
      <div class="empty">
        <h1>Nothing needs you</h1>
        <p>
          Choose a task to see what it does. <kbd>j</kbd> and <kbd>k</kbd> go up and down, <kbd>?</kbd> shows all keys.
        </p>
      </div>
    );
  return (
    <section class="inner" aria-labelledby="home-title">
      <h1 id="home-title">{needs.length === 1 ? "One task needs you" : `${needs.length} tasks need you`}</h1>
      {needs.map((task) => (
        <a key={task.id} class="card needs link" href={writeRoute({ view: "task", id: task.id, tab: "life" })}>
          <span class="named">
            <Mark kind="needs" />
            <span>
              <strong>{shownLine(task.label, 80)}</strong> {task.needs?.kind ?? task.state}
              <span class="where">· {shownLine(nameOfRepo(task.repo), 40)}</span>
            </span>
          </span>
          <span class="said">{detailOf(task)}</span>
        </a>
      ))}
    </section>
  );
}
