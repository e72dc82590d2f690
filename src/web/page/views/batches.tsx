/** All batches, the newest first. */
import { type BatchesAnswer, batchesPath } from "../../api.ts";
import { useBox } from "../box.ts";
import { nameOfRepo } from "../pure/groups.ts";
import { writeRoute } from "../pure/route.ts";
import { shownLine } from "../pure/text.ts";
import { state } from "../store.ts";
import { Grid } from "./grid.tsx";
import { Instead, useLooked } from "./load.tsx";

export function BatchesView() {
  const states = useBox(state, ({ rows }) =>
    [...rows.values()]
      .filter(({ batch }) => batch !== null)
      .map(({ id, state }) => `${id} ${state}`)
      .join(),
  );
  const looked = useLooked<BatchesAnswer>({ path: batchesPath }, states);
  if ("instead" in looked) return <Instead>{looked.instead}</Instead>;
  const { batches } = looked.found;
  if (batches.length === 0)
    return (
      <div class="empty">
        <h1>No batches</h1>
        <p>
          A file makes many tasks at once: <code>copse batch FILE</code>
        </p>
      </div>
    );
  return (
    <section class="inner" aria-labelledby="batches-title">
      <h1 id="batches-title">Batches</h1>
      <Grid heads={["Name", "Repository", "Tasks", "Cost"]}>
        {batches.map(({ name, repo, repoId, total, byState, costUsd, budgetUsd }) => (
          <tr key={`${repoId} ${name}`}>
            <td>
              <a href={writeRoute({ view: "batch", repo: repoId, name })}>{shownLine(name, 80)}</a>
            </td>
            <td>{shownLine(nameOfRepo(repo), 60)}</td>
            <td>
              {total}: {statesText(byState)}
            </td>
            <td>{moneyText(costUsd, budgetUsd)}</td>
          </tr>
        ))}
      </Grid>
    </section>
  );
}

export const statesText = (byState: Readonly<Record<string, number>>): string =>
  Object.entries(byState)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${n} ${name}`)
    .join(", ");

export const moneyText = (usd: number | null, of: number | null): string =>
  usd === null ? "" : `$${usd.toFixed(2)}${of === null ? "" : ` of $${of.toFixed(2)}`}`;
