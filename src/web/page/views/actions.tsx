/** What can be done with the task as it is. Each button asks first and shows its command. */
import { useState } from "preact/hooks";
import type { TaskRow } from "../../api.ts";
import { linesOf, pressAll } from "../deeds.ts";
import { useDraft, useHasDraft } from "../drafts.ts";
import { type Able, can, telling } from "../pure/able.ts";
import { shownLine } from "../pure/text.ts";
import { type Asking, asking } from "./asking.tsx";
import { CommandText } from "./command.tsx";

export const askStop = (task: TaskRow): Asking => ({
  kind: "plain",
  title: `Stop ${shownLine(task.label, 60)}?`,
  says: "Its agent is asked to end, then made to. What it did is committed on its branch and reported; a new attempt can go on from there.",
  word: "Stop it",
  grave: true,
  lever: { do: "stop", task: task.id },
});

export const askRetry = (task: TaskRow): Asking => ({
  kind: "plain",
  title: `A new attempt of ${shownLine(task.label, 60)}?`,
  says: "It gets into the line again and works in the same worktree, in the same session where its agent can resume one.",
  word: "Try again",
  lever: { do: "retry", task: task.id },
});

const askRestore = (task: TaskRow): Asking => ({
  kind: "plain",
  title: `Bring the worktree of ${shownLine(task.label, 60)} back?`,
  says: "Branch, index and every file come back as they were when it was removed.",
  word: "Restore",
  lever: { do: "restore", task: task.id },
});

const buttons: readonly { readonly able: Able; readonly word: string; readonly ask: (task: TaskRow) => Asking; readonly grave?: true }[] = [
  { able: "stop", word: "Stop …", ask: askStop, grave: true },
  { able: "retry", word: "Retry …", ask: askRetry },
  { able: "merge", word: "Merge …", ask: (task) => ({ kind: "merge", task }) },
  { able: "pr", word: "Open PR …", ask: (task) => ({ kind: "pr", task }) },
  { able: "attach", word: "Attach …", ask: (task) => ({ kind: "attach", task }) },
  { able: "rm", word: "Clean …", ask: (task) => ({ kind: "rm", task }), grave: true },
  { able: "restore", word: "Restore …", ask: askRestore },
];

/** What is being written to a task's agent. */
export const tellDraft = (id: string): string => `tell ${id}`;

export function Actions({ task }: { task: TaskRow }) {
  const [open, setOpen] = useState(false);
  const begun = useHasDraft(tellDraft(task.id));
  const telling = open || begun;
  const pr = task.result?.pr ?? null;
  return (
    <>
      <div class="actions">
        {can(task, "send") && task.needs === null && (
          <button
            type="button"
            id="tell"
            aria-expanded={telling}
            onClick={() => (begun ? document.getElementById("guidance")?.focus() : setOpen(!open))}
          >
            Tell it something
          </button>
        )}
        {buttons
          .filter(({ able }) => can(task, able))
          .map(({ able, word, ask, grave }) => (
            <button key={able} type="button" class={grave ? "grave" : ""} onClick={() => asking.set(ask(task))}>
              {able === "pr" && pr !== null ? "Update PR …" : word}
            </button>
          ))}
        {pr !== null && isWeb(pr.url) && (
          <a class="button" href={pr.url} target="_blank" rel="noreferrer noopener">
            PR #{pr.number} ↗
          </a>
        )}
      </div>
      {telling && can(task, "send") && task.needs === null && <Tell task={task} close={() => setOpen(false)} />}
    </>
  );
}

/** Addresses come from a forge: nothing but http is followed. */
const isWeb = (url: string): boolean => /^https?:\/\//i.test(url);

function Tell({ task, close }: { task: TaskRow; close: () => void }) {
  const [text, setText] = useDraft(tellDraft(task.id));
  const [busy, setBusy] = useState(false);
  const levers = telling(task, text);
  const send = async () => {
    setBusy(true);
    const well = await pressAll(levers);
    setBusy(false);
    if (!well) return;
    setText("");
    close();
  };
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="field">
        <label for="guidance">What its agent should know</label>
        <textarea
          id="guidance"
          value={text}
          ref={(element) => {
            if (element !== null && text === "" && document.activeElement?.id === "tell") element.focus();
          }}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <span class="hint">
          {task.state === "completed" || task.state === "failed" || task.state === "stopped"
            ? `A new attempt goes on with it in the same session and worktree.`
            : "It is passed on to the session; an agent at work takes it up at its next step."}
        </span>
      </div>
      <CommandText line={linesOf(levers)} />
      <div class="choices">
        <button type="submit" class="main" disabled={busy || text.trim() === ""}>
          Send
        </button>
        <button
          type="button"
          onClick={() => {
            setText("");
            close();
          }}
        >
          Cancel
        </button>
      </div>
    </form>
  );
}
