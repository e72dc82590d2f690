/** One task in the sidebar: mark, label, state, what stands behind it, time and cost. */
import type { TaskRow } from "../../api.ts";
import { useBox } from "../box.ts";
import { memo } from "../memo.ts";
import { markOf, nameOfRepo } from "../pure/groups.ts";
import { writeRoute } from "../pure/route.ts";
import { shownLine } from "../pure/text.ts";
import { ageOf, detailOf, moneyOf } from "../pure/words.ts";
import { now } from "../store.ts";
import { Mark } from "./mark.tsx";

interface Props {
  readonly task: TaskRow;
  readonly top: number;
  readonly selected: boolean;
  /** Is it the one the tab key stops at? */
  readonly stop: boolean;
}

export const Row = memo(({ task, top, selected, stop }: Props) => {
  const kind = markOf(task);
  return (
    <li>
      <a
        class={`row${selected ? " selected" : ""}`}
        style={{ transform: `translateY(${top}px)` }}
        href={writeRoute({ view: "task", id: task.id, tab: "life" })}
        data-task={task.id}
        tabIndex={stop ? 0 : -1}
        aria-current={selected ? "true" : undefined}
      >
        <Mark kind={kind} />
        <span class="name">
          {shownLine(task.label, 80)} <span class="where">{shownLine(nameOfRepo(task.repo), 40)}</span>
        </span>
        <Age task={task} />
        <span class="what">
          <span class={`state ${kind}`}>{task.state}</span> {detailOf(task)}
        </span>
        <span class="money">{moneyOf(task)}</span>
      </a>
    </li>
  );
});

/** Apart, so that the second hand draws nothing else. */
function Age({ task }: { task: TaskRow }) {
  return <span class="time">{useBox(now, (ms) => ageOf(task, ms))}</span>;
}
