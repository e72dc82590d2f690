/** What is asked before something is done: what it will do, the exact command, and a button that does it. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { TaskRow } from "../../api.ts";
import type { Lever } from "../../levers.ts";
import { box, useAll } from "../box.ts";
import { pull, type Refusal } from "../client.ts";
import { lineOf, press } from "../deeds.ts";
import { cleanRows } from "../pure/clean-rows.ts";
import { shown } from "../pure/text.ts";
import { bytesText } from "../pure/words.ts";
import { CommandText } from "./command.tsx";
import { Dialog } from "./dialog.tsx";

export type Asking =
  | {
      readonly kind: "plain";
      readonly title: string;
      readonly says: string;
      readonly word: string;
      readonly grave?: boolean;
      readonly lever: Lever;
    }
  | { readonly kind: "merge" | "pr" | "rm" | "attach"; readonly task: TaskRow };

/** What is being asked; null: nothing. */
export const asking = box<Asking | null>(null);
const close = () => asking.set(null);

export function Asked() {
  const asked = useAll(asking);
  switch (asked?.kind) {
    case undefined:
      return null;
    case "plain":
      return (
        <Ask title={asked.title} word={asked.word} grave={asked.grave ?? false} lever={asked.lever}>
          <p>{asked.says}</p>
        </Ask>
      );
    case "merge":
      return <AskMerge task={asked.task} />;
    case "pr":
      return <AskPr task={asked.task} />;
    case "rm":
      return <AskRm task={asked.task} />;
    case "attach":
      return <ShowAttach task={asked.task} />;
  }
}

interface AskProps {
  readonly title: string;
  readonly word: string;
  readonly grave?: boolean;
  readonly able?: boolean;
  readonly lever: Lever;
  readonly children: ComponentChildren;
}

function Ask({ title, word, grave = false, able = true, lever, children }: AskProps) {
  const [busy, setBusy] = useState(false);
  const doIt = async () => {
    setBusy(true);
    const mine = asking.get();
    await press(lever);
    // What was asked meanwhile is another question.
    if (asking.get() === mine) close();
  };
  return (
    <Dialog title={title} close={close}>
      {children}
      <CommandText line={lineOf(lever)} />
      <div class="end">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="button" class={grave ? "grave" : "main"} disabled={busy || !able} onClick={doIt}>
          {busy ? "Working …" : word}
        </button>
      </div>
    </Dialog>
  );
}

const hows = {
  merge: "with a merge commit",
  squash: "as one commit",
  rebase: "its commits on top, without a merge commit",
} as const;

function AskMerge({ task }: { task: TaskRow }) {
  const [how, setHow] = useState<keyof typeof hows>("merge");
  const [verify, setVerify] = useState(true);
  const lever: Lever = { do: "merge", task: task.id, how, verify };
  return (
    <Ask title={`Merge ${shown(task.label)}?`} word="Merge" lever={lever}>
      <p>
        Its branch {shown(task.branch ?? "")} is merged into the branch that is checked out in {shown(task.repo)}. The merge is tried first
        without touching anything, and its checks run on the result; if either fails, nothing changes.
      </p>
      <fieldset class="card">
        <legend>How</legend>
        {(Object.keys(hows) as (keyof typeof hows)[]).map((one) => (
          <label class="check" key={one}>
            <input type="radio" name="how" checked={how === one} onChange={() => setHow(one)} />
            {hows[one]}
          </label>
        ))}
      </fieldset>
      <label class="check">
        <input type="checkbox" checked={verify} onChange={(event) => setVerify(event.currentTarget.checked)} />
        run its checks on the merged result first
      </label>
    </Ask>
  );
}

function AskPr({ task }: { task: TaskRow }) {
  const [ready, setReady] = useState(false);
  const pr = task.result?.pr ?? null;
  return (
    <Ask
      title={pr === null ? `Open a pull request for ${shown(task.label)}?` : `Bring pull request #${pr.number} up to date?`}
      word={pr === null ? "Push and open it" : "Push and update it"}
      lever={{ do: "pr", task: task.id, ready }}
    >
      <p>Its branch is pushed to the repository’s remote, and the pull request has the task’s report as its text.</p>
      <label class="check">
        <input type="checkbox" checked={ready} onChange={(event) => setReady(event.currentTarget.checked)} />
        ready for review, not a draft
      </label>
    </Ask>
  );
}

function AskRm({ task }: { task: TaskRow }) {
  const [looked, setLooked] = useState<string | null>(null);
  useEffect(() => {
    pull({ do: "clean", repo: task.repo, yes: false }).then(
      ({ output, error }) => setLooked(error?.message ?? reasonFor(task, output)),
      (error: Refusal) => setLooked(error.message),
    );
  }, [task.id]);
  return (
    <Ask
      title={`Remove the worktree of ${shown(task.label)}?`}
      word="Remove"
      grave
      able={looked !== null}
      lever={{ do: "rm", task: task.id }}
    >
      <p>
        The folder {shown(task.worktree ?? "")} and the branch {shown(task.branch ?? "")} are removed. Everything in them, also what was
        never committed, is kept under a rescue ref first: Restore brings it back.
      </p>
      <p role="status">{looked === null ? "Looking what is in it …" : shown(looked)}</p>
    </Ask>
  );
}

/** What the dry run of `clean` says of it. */
function reasonFor(task: TaskRow, output: unknown): string {
  const row = cleanRows(output).find(({ id }) => id === task.id);
  if (row === undefined) return "copse clean says nothing of it.";
  const size = row.bytes === null ? "" : `, ${bytesText(row.bytes)} on the disk`;
  return `copse clean ${row.remove ? "would remove it" : "would keep it"}: ${row.reason}${size}.`;
}

function ShowAttach({ task }: { task: TaskRow }) {
  return (
    <Dialog title={`Attach to ${shown(task.label)}`} close={close}>
      <p>
        This opens the agent’s own session in a terminal, in the task’s worktree. A running one is parked first and handed back to the queue
        afterwards. Type it in a terminal in {shown(task.repo)}:
      </p>
      <CommandText line={lineOf({ do: "attach", task: task.id })} />
      <div class="end">
        <button type="button" class="main" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
