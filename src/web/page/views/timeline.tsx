/** Where the time went: who held which slot when. */
import { useState } from "preact/hooks";
import { sayDuration } from "../../../core/duration.ts";
import { type Timeline, type Span as TimeSpan, timelinePath } from "../../api.ts";
import { useBox } from "../box.ts";
import { writeRoute } from "../pure/route.ts";
import { ticksOf } from "../pure/scale.ts";
import { shownLine } from "../pure/text.ts";
import { clock } from "../pure/words.ts";
import { now } from "../store.ts";
import { useLooked } from "./load.tsx";

const hours = [1, 6, 24, 72] as const;
const [leftPx, widthPx, lanePx] = [64, 1000, 34];

export function TimelineView() {
  const [back, setBack] = useState<number>(6);
  // Rounded, so that it is looked up once in ten seconds and not with every frame.
  const turn = useBox(now, (ms) => Math.floor(ms / 10_000));
  const [since] = [new Date(Math.floor(Date.now() / 60_000) * 60_000 - back * 3_600_000).toISOString()];
  const looked = useLooked<Timeline>(timelinePath, { since }, turn);
  return (
    <section class="inner" aria-labelledby="timeline-title">
      <div class="actions">
        <h1 id="timeline-title">Where the time went</h1>
        <label class="check">
          Last
          <select value={String(back)} onChange={(event) => setBack(Number(event.currentTarget.value))}>
            {hours.map((n) => (
              <option key={n} value={String(n)}>
                {n === 1 ? "hour" : `${n} hours`}
              </option>
            ))}
          </select>
        </label>
      </div>
      {"instead" in looked ? (
        looked.instead
      ) : looked.found.spans.length === 0 ? (
        <p class="empty">No task was at work then.</p>
      ) : (
        <Picture timeline={looked.found} />
      )}
    </section>
  );
}

function Picture({ timeline }: { timeline: Timeline }) {
  const toMs = Date.parse(timeline.to);
  const spans = timeline.spans.map((span) => ({
    span,
    fromMs: Math.max(Date.parse(span.from), Date.parse(timeline.from)),
    toMs: span.to === null ? toMs : Date.parse(span.to),
  }));
  // From the first that ran: an empty morning tells nothing.
  const fromMs = Math.min(...spans.map((one) => one.fromMs));
  const wholeMs = Math.max(1000, toMs - fromMs);
  const x = (ms: number) => leftPx + ((ms - fromMs) / wholeMs) * widthPx;
  const slots = Math.max(timeline.limit, ...timeline.spans.map(({ slot }) => slot + 1));
  const height = slots * lanePx + 34;
  const ticks = ticksOf(fromMs, toMs);
  return (
    <>
      <figure class="card wide" aria-label="Runs over slots">
        <svg class="drawing stretched" viewBox={`0 0 ${leftPx + widthPx + 20} ${height}`}>
          <title>Which task held which slot when; the table below says the same</title>
          {ticks.map((tick) => (
            <g key={tick}>
              <path class="rule" d={`M${x(tick)} 20V${height}`} />
              <text class="small" x={x(tick) + 3} y="14">
                {clock(new Date(tick).toISOString()).slice(0, wholeMs > 600_000 ? 5 : 8)}
              </text>
            </g>
          ))}
          {Array.from({ length: slots }, (_, lane) => (
            <text key={lane} class="small" x="4" y={24 + lane * lanePx + 18}>
              slot {lane + 1}
            </text>
          ))}
          {spans.map(({ span, fromMs: from, toMs: to }) => {
            const width = Math.max(3, x(to) - x(from));
            return (
              <g key={`${span.id} ${span.run} ${span.doing} ${span.from}`} transform={`translate(${x(from)} ${24 + span.slot * lanePx})`}>
                <a
                  href={writeRoute({ view: "task", id: span.id, tab: "life" })}
                  aria-label={`${shownLine(span.label, 60)}, ${span.doing}, ${clock(span.from)}, ${sayDuration(to - from)}`}
                >
                  <rect class={`span ${classOf(span)}`} width={width} height="8" y="18" rx="2" />
                  {width > 40 && (
                    <text y="13" class="small">
                      {shownLine(span.label, Math.max(3, Math.floor(width / 7)))}
                    </text>
                  )}
                  <title>{`${shownLine(span.label, 60)}: ${span.doing}, ${sayDuration(to - from)}`}</title>
                </a>
              </g>
            );
          })}
        </svg>
      </figure>
      <div class="wide">
        <table class="grid">
          <caption class="unseen">Runs over slots</caption>
          <thead>
            <tr>
              <th>Task</th>
              <th>Doing</th>
              <th>From</th>
              <th>For</th>
              <th>Now</th>
            </tr>
          </thead>
          <tbody>
            {[...spans].reverse().map(({ span, fromMs: from, toMs: to }) => (
              <tr key={`${span.id} ${span.run} ${span.doing} ${span.from}`}>
                <td>
                  <a href={writeRoute({ view: "task", id: span.id, tab: "life" })}>{shownLine(span.label, 80)}</a>
                </td>
                <td>
                  {span.doing}
                  {span.to === null ? " (still)" : ""}
                </td>
                <td>{clock(span.from)}</td>
                <td>{sayDuration(to - from)}</td>
                <td>{span.state}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const classOf = ({ to, state }: TimeSpan): string => (to === null ? "running" : state === "blocked" ? "needs" : state);
