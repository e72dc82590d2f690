/** Worktrees of ended tasks: which would go and why, how big they are; removed only when that has been seen. */
import { useEffect, useState } from "preact/hooks";
import { count } from "../../../core/markdown.ts";
import { pull, type Refusal } from "../client.ts";
import { lineOf, press } from "../deeds.ts";
import { type CleanRow, cleanRows } from "../pure/clean-rows.ts";
import { writeRoute } from "../pure/route.ts";
import { shown, shownLine } from "../pure/text.ts";
import { bytesText } from "../pure/words.ts";
import { CommandText } from "./command.tsx";
import { Grid } from "./grid.tsx";
import { Trouble } from "./notice.tsx";

export function CleanView() {
  const [rows, setRows] = useState<readonly CleanRow[] | null>(null);
  const [error, setError] = useState<{ message: string; hint: string | null } | null>(null);
  const [busy, setBusy] = useState(false);
  const look = async () => {
    setRows(null);
    setError(null);
    try {
      const done = await pull({ do: "clean", repo: null, yes: false });
      if (done.error === null) setRows(cleanRows(done.output));
      else setError(done.error);
    } catch (problem) {
      setError(problem as Refusal);
    }
  };
  useEffect(() => void look(), []);
  const gone = rows?.filter(({ remove }) => remove) ?? [];
  const remove = async () => {
    setBusy(true);
    await press({ do: "clean", repo: null, yes: true });
    setBusy(false);
    await look();
  };
  return (
    <section class="inner" aria-labelledby="clean-title">
      <h1 id="clean-title">Clean</h1>
      <p class="dim">
        Worktrees that are proven safe to remove, over all repositories. Everything in them is kept under a rescue ref first; Restore on the
        task’s page brings it back.
      </p>
      {error !== null && <Trouble error={error} />}
      {rows === null && error === null && <p role="status">Looking (dry run) …</p>}
      {rows !== null && rows.length === 0 && <p>No worktrees of tasks are left.</p>}
      {rows !== null && rows.length > 0 && (
        <>
          <Grid heads={["Task", "Would be", "Because", "Size"]}>
            {rows.map((row) => (
              <tr key={row.id}>
                <td>
                  <a href={writeRoute({ view: "task", id: row.id, tab: "life" })}>{shownLine(row.label, 80)}</a>
                </td>
                <td>{row.remove ? "removed" : "kept"}</td>
                <td>{shown(row.reason)}</td>
                <td>{row.bytes === null ? "" : bytesText(row.bytes)}</td>
              </tr>
            ))}
          </Grid>
          {gone.length > 0 && <CommandText line={lineOf({ do: "clean", repo: null, yes: true })} />}
          <div class="choices">
            <button type="button" class="grave" disabled={busy || gone.length === 0} onClick={remove}>
              {busy ? "Removing …" : gone.length === 0 ? "Nothing to remove" : `Remove ${count(gone.length, "worktree")}`}
            </button>
            <button type="button" disabled={busy} onClick={look}>
              Look again
            </button>
          </div>
        </>
      )}
    </section>
  );
}
