/** Open tasks whose work would conflict, as both stand now. */
import { useBox } from "../box.ts";
import { writeRoute } from "../pure/route.ts";
import { shownLine } from "../pure/text.ts";
import { state } from "../store.ts";
import { Grid } from "./grid.tsx";

export function OverlapsView() {
  const rows = useBox(state, ({ rows }) => rows);
  const pairs = [...rows.values()].flatMap((task) =>
    task.overlaps.filter(({ id }) => task.id < id || !rows.has(id)).map((overlap) => ({ task, overlap })),
  );
  if (pairs.length === 0)
    return (
      <div class="empty">
        <h1>No overlaps</h1>
        <p>No two open tasks have changed the same lines. When two do, they stand here while there is still time.</p>
      </div>
    );
  return (
    <section class="inner" aria-labelledby="overlaps-title">
      <h1 id="overlaps-title">Overlaps</h1>
      <p class="dim">Merged one after the other, these would conflict in the files named.</p>
      <Grid heads={["Task", "and", "Files"]}>
        {pairs.map(({ task, overlap }) => (
          <tr key={`${task.id} ${overlap.id}`}>
            <td>
              <a href={writeRoute({ view: "task", id: task.id, tab: "diff" })}>{shownLine(task.label, 80)}</a>
            </td>
            <td>
              <a href={writeRoute({ view: "task", id: overlap.id, tab: "diff" })}>{shownLine(overlap.label, 80)}</a>
            </td>
            <td>
              {overlap.files.map((file) => (
                <div key={file}>
                  <code>{shownLine(file, 200)}</code>
                </div>
              ))}
            </td>
          </tr>
        ))}
      </Grid>
    </section>
  );
}
