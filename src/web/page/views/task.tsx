/** One task: how it stands, what it needs, what can be done, and its life, log, diff, checks and report. */
import { useEffect, useState } from "preact/hooks";
import type { TaskRow } from "../../api.ts";
import { useAll, useBox } from "../box.ts";
import type { Refusal } from "../client.ts";
import { markOf, nameOfRepo } from "../pure/groups.ts";
import { type TaskTab, taskTabs, writeRoute } from "../pure/route.ts";
import { shown, shownLine } from "../pure/text.ts";
import { ageOf, detailOf } from "../pure/words.ts";
import { link, now, openLife, state } from "../store.ts";
import { Actions } from "./actions.tsx";
import { ChecksTab } from "./checks.tsx";
import { DiffTab } from "./diff.tsx";
import { LifeTab } from "./life.tsx";
import { LogTab } from "./log.tsx";
import { Mark } from "./mark.tsx";
import { NeedsPanel } from "./needs.tsx";
import { Trouble } from "./notice.tsx";
import { ReportTab } from "./report.tsx";

const tabTitles: Readonly<Record<TaskTab, string>> = { life: "Life", log: "Log", diff: "Diff", checks: "Checks", report: "Report" };

export function TaskView({ id, tab }: { id: string; tab: TaskTab }) {
  const task = useBox(state, ({ rows }) => rows.get(id));
  const live = useAll(link).kind === "live";
  const [trouble, setTrouble] = useState<Refusal | null>(null);
  useEffect(() => {
    setTrouble(null);
    // Again with each new connection: what failed while the runner was away comes right by itself.
    if (live) openLife(id).catch((error: Refusal) => setTrouble(error));
  }, [id, live]);
  if (task === undefined)
    return trouble !== null && trouble.status !== 0 ? (
      <div class="inner">
        <h1>This task cannot be shown</h1>
        <Trouble error={trouble} />
      </div>
    ) : (
      <p class="empty" role="status">
        {live ? "Loading …" : "It is shown as soon as a runner is there again."}
      </p>
    );
  return (
    <article class={`inner ${tab}-tab`} data-view={id} aria-label={`Task ${shownLine(task.label, 80)}`}>
      <Head task={task} />
      {trouble !== null && trouble.status !== 0 && <Trouble error={trouble} />}
      {task.needs !== null && task.state === "blocked" && <NeedsPanel task={task} key={task.needs.since} />}
      {task.failure !== null && <Trouble error={task.failure} />}
      <nav class="tabs" aria-label="Parts of the task">
        {taskTabs.map((one) => (
          <a key={one} href={writeRoute({ view: "task", id, tab: one })} aria-current={one === tab ? "page" : undefined}>
            {tabTitles[one]}
            {one === "checks" && task.verify.status === "failed" ? " (failed)" : ""}
          </a>
        ))}
      </nav>
      <Tab task={task} tab={tab} key={`${id} ${tab}`} />
    </article>
  );
}

function Tab({ task, tab }: { task: TaskRow; tab: TaskTab }) {
  switch (tab) {
    case "life":
      return <LifeTab task={task} />;
    case "log":
      return <LogTab task={task} />;
    case "diff":
      return <DiffTab task={task} />;
    case "checks":
      return <ChecksTab task={task} />;
    case "report":
      return <ReportTab task={task} />;
  }
}

function Head({ task }: { task: TaskRow }) {
  const kind = markOf(task);
  const detail = task.state === "blocked" || task.state === "failed" ? "" : detailOf(task);
  const age = useBox(now, (ms) => ageOf(task, ms));
  return (
    <header class="head">
      <p class="narrow-only">
        <a href="#/">← All tasks</a>
      </p>
      <div class="title">
        <div class="named">
          <Mark kind={kind} />
          <h1>{shownLine(task.label, 100)}</h1>
        </div>
        <span>
          <span class={`state ${kind}`}>{task.state}</span>
          {age === "" ? "" : ` ${age}`}
        </span>
        <span class="dim">
          {shownLine(nameOfRepo(task.repo), 60)} · <code>{task.id}</code>
        </span>
      </div>
      <p class="asked">{shown(task.title)}</p>
      {detail !== "" && <p class="dim asked">{detail}</p>}
      {task.overlaps.map((overlap) => (
        <p key={overlap.id} class="asked">
          Conflicts with <a href={writeRoute({ view: "task", id: overlap.id, tab: "life" })}>{shownLine(overlap.label, 80)}</a>:{" "}
          {shownLine(overlap.files.join(", "), 200)}
        </p>
      ))}
      <Actions task={task} />
    </header>
  );
}
