/** The line of tasks that wait for a slot: who is next, reorder, pause, and how many run at once. */
import { useEffect, useState } from "preact/hooks";
import { type QueueState, queuePath, type TaskRow } from "../../api.ts";
import type { Lever } from "../../levers.ts";
import { useBox } from "../box.ts";
import { read } from "../client.ts";
import { lineOf, press } from "../deeds.ts";
import { nameOfRepo } from "../pure/groups.ts";
import { moveInLine } from "../pure/reorder.ts";
import { writeRoute } from "../pure/route.ts";
import { shownLine } from "../pure/text.ts";
import { state } from "../store.ts";
import { asking } from "./asking.tsx";
import { CommandText } from "./command.tsx";

export function QueueView() {
  const queue = useBox(state, (known) => known.queue);
  const rows = useBox(state, (known) => known.rows);
  useEffect(() => {
    read<QueueState>(queuePath).then(
      (found) => state.set({ ...state.get(), queue: found }),
      () => undefined,
    );
  }, []);
  if (queue === null) return <p class="empty">Loading …</p>;
  const line = queue.line.map((one) => ({ ...one, task: rows.get(one.id) }));
  return (
    <section class="inner" aria-labelledby="queue-title">
      <h1 id="queue-title">Queue</h1>
      <div class="two">
        <Pause queue={queue} />
        <Limit queue={queue} />
      </div>
      <h2>{line.length === 0 ? "Nobody waits" : `In line: ${line.length}`}</h2>
      {line.length > 0 && (
        <div class="wide">
          <table class="grid">
            <thead>
              <tr>
                <th>Place</th>
                <th>Task</th>
                <th>Priority</th>
                <th>Waits for</th>
                <th>Move</th>
              </tr>
            </thead>
            <tbody>
              {line.map(({ id, priority, waiting, task }, i) => (
                <tr key={id}>
                  <td>{i + 1}</td>
                  <td>
                    <a href={writeRoute({ view: "task", id, tab: "life" })}>{shownLine(task?.label ?? id, 80)}</a>{" "}
                    <span class="dim">{task === undefined ? "" : shownLine(nameOfRepo(task.repo), 40)}</span>
                  </td>
                  <td>{priority}</td>
                  <td>{waiting === null ? "" : shownLine(waiting.text, 120)}</td>
                  <td>
                    <Move id={id} at={i} queue={queue} task={task} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Pause({ queue }: { queue: QueueState }) {
  const ask = () =>
    asking.set(
      queue.paused
        ? {
            kind: "plain",
            title: "Let the queue go on?",
            says: "Whoever is next starts at once, as far as there are slots.",
            word: "Go on",
            lever: { do: "resume" },
          }
        : {
            kind: "plain",
            title: "Pause the queue?",
            says: "What runs goes on. Nothing more starts, on this machine, until it is let go on.",
            word: "Pause",
            lever: { do: "pause" },
          },
    );
  return (
    <section class="card" aria-label="Pause">
      <p>
        {queue.paused ? "Paused: nothing more starts." : "Open: the next one starts as soon as a slot is free."} {queue.running} of{" "}
        {queue.limit} slots are taken.
      </p>
      <div>
        <button type="button" onClick={ask}>
          {queue.paused ? "Go on …" : "Pause …"}
        </button>
      </div>
    </section>
  );
}

function Limit({ queue }: { queue: QueueState }) {
  const [typed, setTyped] = useState<string | null>(null);
  const limit = Number(typed ?? queue.limit);
  const good = Number.isInteger(limit) && limit >= 1 && limit <= 1000;
  const lever: Lever = { do: "limit", limit };
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void press(lever).then(() => setTyped(null));
      }}
    >
      <div class="field">
        <label for="limit">Tasks at once, on this machine</label>
        <input
          id="limit"
          type="number"
          min={1}
          max={1000}
          value={typed ?? String(queue.limit)}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <span class="hint">
          {queue.configuredLimit === queue.limit ? "As your configuration says." : `Your configuration says ${queue.configuredLimit}.`}
        </span>
      </div>
      {good ? <CommandText line={lineOf(lever)} /> : <p class="error">A whole number from 1 on.</p>}
      <div class="choices">
        <button type="submit" class="main" disabled={!good || limit === queue.limit}>
          Set
        </button>
        {queue.configuredLimit !== queue.limit && (
          <button type="button" title={lineOf({ do: "limit", limit: null })} onClick={() => void press({ do: "limit", limit: null })}>
            As configured
          </button>
        )}
      </div>
    </form>
  );
}

function Move({ id, at, queue, task }: { id: string; at: number; queue: QueueState; task: TaskRow | undefined }) {
  const name = shownLine(task?.label ?? id, 40);
  const button = (to: number, word: string, title: string) => {
    const priority = moveInLine(queue.line, at, to);
    const lever: Lever = { do: "priority", task: id, priority: priority ?? 0 };
    return (
      <button
        type="button"
        class="bare"
        disabled={priority === null}
        aria-label={`${title}: ${name}`}
        title={lineOf(lever)}
        onClick={() => void press(lever)}
      >
        {word}
      </button>
    );
  };
  return (
    <span class="actions">
      {button(at - 1, "↑", "↑ one up")}
      {button(at + 1, "↓", "↓ one down")}
      {button(0, "To front", "To front")}
    </span>
  );
}
