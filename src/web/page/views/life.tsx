/** A task's life in the sentences of `show`, what it cost, what is known of it, and every fact of its log. */
import { useEffect, useState } from "preact/hooks";
import type { TaskRow } from "../../api.ts";
import { useBox } from "../box.ts";
import { nameOfRepo } from "../pure/groups.ts";
import { shown, shownLine } from "../pure/text.ts";
import { changesOf, costText, evidenceOf, momentOf } from "../pure/words.ts";
import { state } from "../store.ts";

export function LifeTab({ task }: { task: TaskRow }) {
  const life = useBox(state, ({ lives }) => lives.get(task.id));
  if (life === undefined) return <p class="dim">Loading its life …</p>;
  const { prompt, followUps, next } = life.about;
  return (
    <>
      <div class="two">
        <section class="card" aria-labelledby="life-title">
          <h2 id="life-title">Its life</h2>
          <ol class="life">
            {life.story.map(({ seq, at, text }) => (
              <li key={seq} data-seq={seq}>
                <time dateTime={at}>{momentOf(at, Date.now())}</time>
                <span>{shown(text)}</span>
              </li>
            ))}
          </ol>
          {task.state === "running" && task.activity !== null && <p class="dim">Now: {shownLine(task.activity)}</p>}
        </section>
        <section class="card" aria-labelledby="facts-title">
          <h2 id="facts-title">Known of it</h2>
          <Facts task={task} />
        </section>
      </div>
      {task.result?.summary && (
        <section class="card" aria-labelledby="summary-title">
          <h2 id="summary-title">Its agent’s summary</h2>
          <p class="said">{shown(task.result.summary)}</p>
        </section>
      )}
      <section class="card" aria-labelledby="prompt-title">
        <h2 id="prompt-title">{task.agent === "exec" ? "What was asked" : "The prompt"}</h2>
        <pre class="said">{shown(prompt === "" ? task.title : prompt)}</pre>
        {followUps.map((one, i) => (
          <div key={`${i} ${one}`}>
            <p class="dim">
              Then {i + 1}
              {task.chain === null ? "" : ` (${stepState(task, i + 1)})`}
            </p>
            <pre class="said">{shown(one)}</pre>
          </div>
        ))}
      </section>
      {next.length > 0 && (
        <section class="card" aria-labelledby="next-title">
          <h2 id="next-title">What can be done next, in a terminal</h2>
          <ul>
            {next.map((line) => (
              <li key={line}>
                <code>{shown(line)}</code>
              </li>
            ))}
          </ul>
        </section>
      )}
      <AllFacts id={task.id} />
    </>
  );
}

function stepState(task: TaskRow, step: number): string {
  const found = task.chain?.steps.find((one) => one.step === step)?.state ?? "";
  return found === "not-run" ? "not run" : found;
}

function Facts({ task }: { task: TaskRow }) {
  const rows: readonly [string, string][] = [
    ["repository", nameOfRepo(task.repo)],
    ["agent", [task.agent, task.model ?? ""].filter((part) => part !== "").join(", ")],
    ["attempt", task.attempt === 0 ? "" : String(task.attempt)],
    ["branch", task.branch ?? ""],
    ["base", task.base?.slice(0, 12) ?? ""],
    ["worktree", task.worktree === null ? "" : `${task.worktree}${task.worktreeState === "removed" ? " (removed)" : ""}`],
    ["session", task.sessionId ?? ""],
    ["changes", changesOf(task.result) || (task.filesChanged > 0 ? `${task.filesChanged} files so far` : "")],
    ["evidence", evidenceOf(task)],
    ["tools", task.toolCalls > 0 ? `${task.toolCalls} calls` : ""],
    ["cost", costText(task)],
    ["delivery", task.deliver],
    ["priority", task.priority === 0 ? "" : String(task.priority)],
    ["group", task.group ?? ""],
    ["tags", task.tags.join(", ")],
    ["after", task.after.map(({ label }) => label).join(", ")],
    ["batch", task.batch ?? ""],
    ["started by", task.startedBy?.label ?? ""],
    ["note", task.notes.join("; ")],
  ];
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => value !== "")
        .map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{shown(value)}</dd>])}
    </dl>
  );
}

const shownAtOnce = 300;

/** The log itself, for those who want to know exactly. */
function AllFacts({ id }: { id: string }) {
  const events = useBox(state, ({ lives }) => lives.get(id)?.events) ?? [];
  const [open, setOpen] = useState(false);
  const [all, setAll] = useState(false);
  useEffect(() => setAll(false), [id]);
  const seen = all ? events : events.slice(-shownAtOnce);
  return (
    <details class="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Every fact in its log ({events.length})</summary>
      {open && (
        <>
          {seen.length < events.length && (
            <p>
              <button type="button" onClick={() => setAll(true)}>
                Show the first {events.length - seen.length}, too
              </button>
            </p>
          )}
          <ol class="life">
            {seen.map((event) => (
              <li key={event.seq} data-fact={event.seq}>
                <time dateTime={event.at}>{momentOf(event.at, Date.now())}</time>
                <span>
                  <code>
                    {event.seq} {event.type}
                  </code>
                </span>
              </li>
            ))}
          </ol>
        </>
      )}
    </details>
  );
}
