/** One batch: what comes after what, drawn, with the way that takes longest; and the same as a table. */
import { sayDuration } from "../../../core/duration.ts";
import { type BatchView as Batch, type BatchTask, batchPath } from "../../api.ts";
import { useBox } from "../box.ts";
import { draw } from "../pure/graph.ts";
import { type MarkKind, nameOfRepo } from "../pure/groups.ts";
import { writeRoute } from "../pure/route.ts";
import { shownLine } from "../pure/text.ts";
import { state } from "../store.ts";
import { moneyText, statesText } from "./batches.tsx";
import { Grid } from "./grid.tsx";
import { Instead, useLooked } from "./load.tsx";
import { Mark } from "./mark.tsx";

const [boxPx, rowPx, columnPx, heightPx] = [190, 58, 244, 42];

export function BatchView({ repo, name }: { repo: string; name: string }) {
  // Looked up again whenever one of its tasks changes its state.
  const turn = useBox(state, ({ rows }) =>
    [...rows.values()]
      .filter((task) => task.batch === name && task.repoId === repo)
      .map(({ id, state }) => `${id} ${state}`)
      .join(),
  );
  const looked = useLooked<Batch>({ path: batchPath(name), query: { repo } }, turn);
  if ("instead" in looked) return <Instead>{looked.instead}</Instead>;
  const batch = looked.found;
  const critical = batch.critical.map((id) => batch.tasks.find((task) => task.id === id)).filter((task) => task !== undefined);
  return (
    <section class="inner" aria-labelledby="batch-title">
      <header class="head">
        <h1 id="batch-title">{shownLine(batch.name, 100)}</h1>
        <p class="dim">
          {shownLine(nameOfRepo(batch.repo), 60)} · {statesText(batch.byState)}
          {batch.costUsd === null ? "" : ` · ${moneyText(batch.costUsd, batch.budgetUsd)}`}
        </p>
        {critical.length > 0 && (
          <p>
            Critical path, {sayDuration(batch.criticalMs)}: {critical.map(({ label }) => shownLine(label, 60)).join(" → ")}
          </p>
        )}
      </header>
      <Picture batch={batch} />
      <Grid heads={["Task", "State", "After", "At work"]} caption="The batch’s tasks">
        {batch.tasks.map((task) => (
          <tr key={task.id}>
            <td>
              <a href={writeRoute({ view: "task", id: task.id, tab: "life" })}>{shownLine(task.label, 80)}</a>
            </td>
            <td>
              <span class="check">
                <Mark kind={markOfState(task.state)} /> {task.state}
              </span>
            </td>
            <td>{task.needs.map((id) => shownLine(batch.tasks.find((one) => one.id === id)?.label ?? id, 40)).join(", ")}</td>
            <td>{task.workMs > 0 ? sayDuration(task.workMs) : ""}</td>
          </tr>
        ))}
      </Grid>
    </section>
  );
}

const markOfState = (state: BatchTask["state"]): MarkKind =>
  state === "completed" || state === "failed" || state === "stopped" || state === "queued"
    ? state
    : state === "blocked"
      ? "needs"
      : "running";

function Picture({ batch }: { batch: Batch }) {
  const drawing = draw(batch.tasks.map(({ id, needs }) => ({ key: id, needs })));
  const place = new Map(drawing.knots.map((knot) => [knot.key, { x: 8 + knot.column * columnPx, y: 8 + knot.row * rowPx }]));
  const onPath = new Set(batch.critical);
  const steps = new Set(batch.critical.slice(1).map((id, i) => `${batch.critical[i]} ${id}`));
  const [width, height] = [drawing.columns * columnPx - (columnPx - boxPx) + 16, drawing.rows * rowPx + 8];
  return (
    <figure class="card wide" aria-label="What comes after what">
      <svg class="drawing" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        <title>{`The tasks of ${shownLine(batch.name, 60)} and what each waits for; the table below says the same`}</title>
        {drawing.lines.map(({ from, to }) => {
          const [a, b] = [place.get(from), place.get(to)];
          if (a === undefined || b === undefined) return null;
          const [x1, y1, x2, y2] = [a.x + boxPx, a.y + heightPx / 2, b.x, b.y + heightPx / 2];
          return (
            <path
              key={`${from} ${to}`}
              class={`edge${steps.has(`${from} ${to}`) ? " critical" : ""}`}
              d={`M${x1} ${y1}C${x1 + 28} ${y1} ${x2 - 28} ${y2} ${x2} ${y2}`}
            />
          );
        })}
        {batch.tasks.map((task) => {
          const at = place.get(task.id);
          if (at === undefined) return null;
          return (
            <g key={task.id} transform={`translate(${at.x} ${at.y})`}>
              <a class={onPath.has(task.id) ? "critical" : ""} href={writeRoute({ view: "task", id: task.id, tab: "life" })}>
                <rect width={boxPx} height={heightPx} rx="7" />
                <text x="10" y="18">
                  {shownLine(task.label, 26)}
                </text>
                <text class="small" x="10" y="34">
                  {task.state}
                  {task.workMs > 0 ? ` · ${sayDuration(task.workMs)}` : ""}
                  {onPath.has(task.id) ? " · critical" : ""}
                </text>
              </a>
            </g>
          );
        })}
      </svg>
    </figure>
  );
}
