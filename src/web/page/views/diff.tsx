/** What the task changed, file by file, with remarks on lines that are gathered and sent to it as one message. */
import { useRef, useState } from "preact/hooks";
import { count } from "../../../core/markdown.ts";
import { type Diff, type TaskRow, taskDiffPath } from "../../api.ts";
import { guidance, type Remark } from "../../levers.ts";
import { useAll } from "../box.ts";
import { linesOf, pressAll } from "../deeds.ts";
import { can, telling } from "../pure/able.ts";
import { shownLine } from "../pure/text.ts";
import { remarksOf, setRemarks, writing } from "../remarks.ts";
import { CommandText } from "./command.tsx";
import { DiffFileView } from "./diff-file.tsx";
import { useLooked } from "./load.tsx";

export function DiffTab({ task }: { task: TaskRow }) {
  if (task.base === null)
    return (
      <div class="empty">
        <h2>No changes yet</h2>
        <p>It has no worktree yet: it is {task.state}. What it changes is shown here from its first file on.</p>
      </div>
    );
  return <Changes task={task} />;
}

function Changes({ task }: { task: TaskRow }) {
  const busy = useAll(writing) > 0;
  const now = `${task.state} ${task.worktreeState}`;
  const turn = useRef(now);
  // The lines under a remark that is being written stay where they are.
  if (!busy) turn.current = now;
  const looked = useLooked<Diff>({ path: taskDiffPath(task.id) }, turn.current);
  if ("instead" in looked)
    return (
      <>
        {looked.instead}
        <Again look={looked.again} />
      </>
    );
  const diff = looked.found;
  if (diff.files.length === 0)
    return (
      <div class="empty">
        <h2>No changes</h2>
        <p>Its files are as in {diff.base.slice(0, 12)}, where it began.</p>
        <Again look={looked.again} />
      </div>
    );
  return (
    <section class="diff" aria-label="What it changed">
      <div class="actions">
        <p>
          {count(diff.files.length, "file")}, <span class="added">+{diff.insertions}</span> <span class="removed">−{diff.deletions}</span>
          <span class="dim"> against {diff.base.slice(0, 12)}</span>
        </p>
        <Again look={looked.again} />
      </div>
      {turn.current !== now && (
        <p class="card needs" role="status">
          {shownLine(task.label, 60)} has gone on: it is {task.state} now. These lines stay as they were until your remark is kept or
          cancelled.
        </p>
      )}
      {diff.truncated && <p class="dim">There are more files than are listed here: copse diff shows all.</p>}
      {diff.files.map((file, i) => (
        <DiffFileView key={`${diff.to} ${file.path}`} task={task.id} file={file} base={diff.base} to={diff.to} first={i < 8} />
      ))}
      <Remarks task={task} />
    </section>
  );
}

const Again = ({ look }: { look: () => void }) => (
  <button type="button" class="bare" onClick={look}>
    Look again
  </button>
);

function Remarks({ task }: { task: TaskRow }) {
  const remarks = useAll(remarksOf(task.id));
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  if (remarks.length === 0) return null;
  const levers = telling(task, guidance(remarks, words));
  const send = async () => {
    setBusy(true);
    const well = await pressAll(levers);
    setBusy(false);
    if (!well) return;
    // Only what has arrived is let go of, not what was written meanwhile.
    setRemarks(
      task.id,
      remarksOf(task.id)
        .get()
        .filter((one) => !remarks.includes(one)),
    );
    setWords("");
  };
  return (
    <form
      class="card remarks"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <h2>{count(remarks.length, "remark")} for its agent</h2>
      <ul>
        {remarks.map((remark, i) => (
          <li key={`${i} ${remark.path} ${remark.line}`} class="check">
            <code>
              {shownLine(remark.path, 60)}:{remark.line}
            </code>
            <span class="grow">{shownLine(remark.text, 200)}</span>
            <button
              type="button"
              class="bare"
              aria-label={`Take back the remark on ${shownLine(remark.path, 60)} line ${remark.line}`}
              onClick={() =>
                setRemarks(
                  task.id,
                  remarks.filter((one: Remark) => one !== remark),
                )
              }
            >
              Take back
            </button>
          </li>
        ))}
      </ul>
      <div class="field">
        <label for="remark-words">In front of them</label>
        <input
          id="remark-words"
          value={words}
          placeholder="for example: please mend these"
          onInput={(event) => setWords(event.currentTarget.value)}
        />
      </div>
      <details>
        <summary>The command this runs</summary>
        <CommandText line={linesOf(levers)} />
      </details>
      <div class="choices">
        <button type="submit" class="main" disabled={busy || !can(task, "send")}>
          Send {count(remarks.length, "remark")} to {shownLine(task.label, 40)}
        </button>
        {!can(task, "send") && <span class="dim">It cannot be told now; the remarks are kept here.</span>}
      </div>
    </form>
  );
}
