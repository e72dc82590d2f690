/** What a blocked task needs: a question with its options, or a permission with the exact command; answered here, with the command that does it beside each answer. */
import { useEffect, useState } from "preact/hooks";
import type { TaskRow } from "../../api.ts";
import type { Lever } from "../../levers.ts";
import { lineOf, press } from "../deeds.ts";
import { draftOf, keepDraft, useDraft } from "../drafts.ts";
import { shown } from "../pure/text.ts";
import { state } from "../store.ts";
import { tellDraft } from "./actions.tsx";
import { CommandText } from "./command.tsx";

const titles = {
  question: "It asks",
  permission: "It asks for permission",
  plan: "It has a plan and asks whether to go on",
  login: "It needs you to log in",
  trust: "It needs your trust",
} as const;

export function NeedsPanel({ task }: { task: TaskRow }) {
  const { needs } = task;
  const [busy, setBusy] = useState(false);
  if (needs === null) return null;
  const answer = async (lever: Lever) => {
    setBusy(true);
    const done = await press(lever);
    setBusy(false);
    return done !== undefined;
  };
  const asks = needs.kind === "permission" || needs.kind === "plan";
  return (
    <section class="card needs" aria-labelledby="needs-title" id="needs">
      <h2 id="needs-title">{titles[needs.kind]}</h2>
      {needs.kind === "question" ? <p class="said">{shown(needs.text)}</p> : <pre class="said">{shown(needs.text)}</pre>}
      {asks ? <Permission task={task} busy={busy} answer={answer} /> : <Question task={task} busy={busy} answer={answer} />}
    </section>
  );
}

interface Props {
  readonly task: TaskRow;
  readonly busy: boolean;
  /** @returns whether it went well */
  readonly answer: (lever: Lever) => Promise<boolean>;
}

function Question({ task, busy, answer }: Props) {
  const since = task.needs?.since ?? "";
  const draft = `answer ${task.id} ${since}`;
  const [text, setText] = useDraft(draft);
  // Answered elsewhere while something was being written here: that is still to be had, as something to tell it.
  useEffect(
    () => () => {
      const rest = draftOf(draft);
      if (rest === "" || state.get().rows.get(task.id)?.needs?.since === since) return;
      keepDraft(draft, "");
      keepDraft(tellDraft(task.id), rest);
    },
    [],
  );
  const answerText = async () => {
    // Sent is not left over, even if the next state comes before the answer to this.
    keepDraft(draft, "");
    if (await answer(lever)) setText("");
    else keepDraft(draft, text);
  };
  const options = task.needs?.options ?? [];
  const lever = { do: "send", task: task.id, text } as const;
  return (
    <>
      {options.length > 0 && (
        <fieldset class="choices">
          <legend class="unseen">Its options</legend>
          {options.map((option) => (
            <button
              key={option}
              type="button"
              class="option"
              disabled={busy}
              title={lineOf({ do: "send", task: task.id, text: option })}
              onClick={() => answer({ do: "send", task: task.id, text: option })}
            >
              {shown(option)}
            </button>
          ))}
        </fieldset>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void answerText();
        }}
      >
        <div class="field">
          <label for="answer">{options.length > 0 ? "Or in your own words" : "Your answer"}</label>
          <textarea id="answer" value={text} rows={2} onInput={(event) => setText(event.currentTarget.value)} />
        </div>
        <div class="choices spaced">
          <button type="submit" class="main" disabled={busy || text.trim() === ""}>
            Answer
          </button>
        </div>
      </form>
      <CommandText line={lineOf({ ...lever, text: text || "…" })} />
    </>
  );
}

function Permission({ task, busy, answer }: Props) {
  const [always, setAlways] = useState(false);
  const [why, setWhy] = useState("");
  const approve: Lever = { do: "approve", task: task.id, always };
  const deny: Lever = { do: "deny", task: task.id, why };
  return (
    <>
      <div class="choices">
        <button type="button" class="main" id="approve" disabled={busy} onClick={() => answer(approve)}>
          Approve
        </button>
        <label class="check">
          <input type="checkbox" checked={always} onChange={(event) => setAlways(event.currentTarget.checked)} />
          always, for the rest of this task
        </label>
      </div>
      <CommandText line={lineOf(approve)} label="Approve runs" />
      <div class="field">
        <label for="why">Why not (the agent is told)</label>
        <input id="why" value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </div>
      <div class="choices">
        <button type="button" class="grave" disabled={busy} onClick={() => answer(deny)}>
          Deny
        </button>
      </div>
      <CommandText line={lineOf(deny)} label="Deny runs" />
    </>
  );
}
