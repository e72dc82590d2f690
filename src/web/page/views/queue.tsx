/** The line of tasks that wait for a slot: who is next, reorder, pause, and how many run at once. */
import { useState } from "preact/hooks";
import type { QueueState } from "../../api.ts";
import type { Lever } from "../../levers.ts";
import { useBox } from "../box.ts";
import { lineOf, press } from "../deeds.ts";
import { memo } from "../memo.ts";
import { nameOfRepo } from "../pure/groups.ts";
import { moveInLine } from "../pure/reorder.ts";
import { writeRoute } from "../pure/route.ts";
import { shownLine } from "../pure/text.ts";
import { state } from "../store.ts";
import { asking } from "./asking.tsx";
import { CommandText } from "./command.tsx";
import { Grid } from "./grid.tsx";

/** More than anybody reorders by hand. */
const rowsAtOnce = 100;

export function QueueView() {
  const queue = useBox(state, (known) => known.queue);
  const rows = useBox(state, (known) => known.rows);
  const [most, setMost] = useState(rowsAtOnce);
  if (queue === null) return <p class="empty">Loading …</p>;
  const line = queue.line;
  const labelOf = (id: string) => rows.get(id)?.label ?? id;
  return (
    <section class="inner" aria-labelledby="queue-title">
      <h1 id="queue-title">Queue</h1>
      <div class="two">
        <Pause queue={queue} />
        <Limit queue={queue} />
      </div>
      <h2>{line.length === 0 ? "Nobody waits" : `In line: ${line.length}`}</h2>
      {line.length > 0 && (
        <>
          <Grid heads={["Place", "Task", "Priority", "Waits for", "Move"]}>
            {line.slice(0, most).map((one, i) => {
              const task = rows.get(one.id);
              return (
                <Waiting
                  key={one.id}
                  id={one.id}
                  place={i + 1}
                  label={labelOf(one.id)}
                  above={i === 0 ? "" : labelOf(line[i - 1]?.id ?? "")}
                  below={labelOf(line[i + 1]?.id ?? "")}
                  repo={task?.repo ?? ""}
                  priority={one.priority}
                  text={one.waiting?.text ?? ""}
                  up={moveInLine(line, i, i - 1)}
                  down={moveInLine(line, i, i + 1)}
                  front={moveInLine(line, i, 0)}
                />
              );
            })}
          </Grid>
          {line.length > most && (
            <p class="inset">
              <button type="button" onClick={() => setMost(line.length)}>
                Show all {line.length}
              </button>
            </p>
          )}
        </>
      )}
    </section>
  );
}

interface WaitingProps {
  readonly id: string;
  readonly place: number;
  readonly label: string;
  /** Who stands there: a priority leads past that one, and past whoever else has the same. */
  readonly above: string;
  readonly below: string;
  readonly repo: string;
  readonly priority: number;
  readonly text: string;
  /** The priority that moves it there; null: it cannot be. */
  readonly up: number | null;
  readonly down: number | null;
  readonly front: number | null;
}

const Waiting = memo(({ id, place, label, above, below, repo, priority, text, up, down, front }: WaitingProps) => (
  <tr>
    <td>{place}</td>
    <td>
      <a href={writeRoute({ view: "task", id, tab: "life" })}>{shownLine(label, 80)}</a>{" "}
      <span class="dim">{shownLine(nameOfRepo(repo), 40)}</span>
    </td>
    <td>{priority}</td>
    <td>{shownLine(text, 120)}</td>
    <td>
      <span class="actions">
        <Move id={id} label={label} to={up} word="↑" says={`↑ above ${shownLine(above, 40)}`} />
        <Move id={id} label={label} to={down} word="↓" says={`↓ below ${shownLine(below, 40)}`} />
        <Move id={id} label={label} to={front} word="To front" says="To front" />
      </span>
    </td>
  </tr>
));

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
        void press(lever).then((done) => done !== undefined && setTyped(null));
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

interface MoveProps {
  readonly id: string;
  readonly label: string;
  readonly to: number | null;
  readonly word: string;
  readonly says: string;
}

function Move({ id, label, to, word, says }: MoveProps) {
  const lever: Lever = { do: "priority", task: id, priority: to ?? 0 };
  return (
    <button
      type="button"
      class="bare"
      disabled={to === null}
      aria-label={`${says}: ${shownLine(label, 40)}`}
      title={to === null ? "" : lineOf(lever)}
      onClick={() => void press(lever)}
    >
      {word}
    </button>
  );
}
