/** Where the time went: who held which slot when. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { sayDuration } from "../../../core/duration.ts";
import { type Timeline, type Span as TimeSpan, timelinePath } from "../../api.ts";
import { useBox } from "../box.ts";
import { writeRoute } from "../pure/route.ts";
import { ticksOf } from "../pure/scale.ts";
import { shownLine } from "../pure/text.ts";
import { clock, momentOf } from "../pure/words.ts";
import { now } from "../store.ts";
import { Grid } from "./grid.tsx";
import { useLooked } from "./load.tsx";

const hours = [1, 6, 24, 72] as const;
const [leftPx, rightPx, lanePx] = [58, 12, 36];
/** Narrower than this it scrolls. */
const leastPx = 560;
/** A day of short tasks is thousands of spans: the table begins with the newest. */
const rowsAtOnce = 200;

export function TimelineView() {
  const [back, setBack] = useState<number>(6);
  // Rounded, so that it is looked up once in ten seconds and not with every frame.
  const turn = useBox(now, (ms) => Math.floor(ms / 10_000));
  const since = new Date(Date.now() - back * 3_600_000).toISOString();
  const looked = useLooked<Timeline>({ path: timelinePath, query: { since }, about: `the last ${back} hours` }, turn);
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

interface Placed {
  readonly span: TimeSpan;
  readonly fromMs: number;
  readonly toMs: number;
}

function Picture({ timeline }: { timeline: Timeline }) {
  const toMs = Date.parse(timeline.to);
  const spans = timeline.spans.map((span) => ({
    span,
    fromMs: Math.max(Date.parse(span.from), Date.parse(timeline.from)),
    toMs: span.to === null ? toMs : Date.parse(span.to),
  }));
  const [most, setMost] = useState(rowsAtOnce);
  return (
    <>
      <Drawing spans={spans} limit={timeline.limit} toMs={toMs} />
      <Grid heads={["Task", "Doing", "From", "For", "Then"]} caption="Runs over slots">
        {spans
          .slice(-most)
          .reverse()
          .map(({ span, fromMs, toMs: endMs }) => (
            <tr key={keyOf(span)}>
              <td>
                <a href={writeRoute({ view: "task", id: span.id, tab: "life" })}>{shownLine(span.label, 80)}</a>
              </td>
              <td>{span.doing}</td>
              <td class="short">{momentOf(span.from, toMs)}</td>
              <td class="short">{sayDuration(endMs - fromMs)}</td>
              <td>{span.to === null ? "still at it" : span.state}</td>
            </tr>
          ))}
      </Grid>
      {most < spans.length && (
        <p>
          <button type="button" onClick={() => setMost(spans.length)}>
            Show all {spans.length}
          </button>
        </p>
      )}
    </>
  );
}

const keyOf = (span: TimeSpan): string => `${span.id} ${span.run} ${span.doing} ${span.from}`;

/** As wide as there is room, so that its words have the size of all others. */
function Drawing({ spans, limit, toMs }: { spans: readonly Placed[]; limit: number; toMs: number }) {
  const [roomPx, setRoom] = useState(leastPx);
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(([entry]) => entry !== undefined && setRoom(Math.max(leastPx, Math.floor(entry.contentRect.width))));
    if (frame.current !== null) watch.observe(frame.current);
    return () => watch.disconnect();
  }, []);
  // From the first that ran: an empty morning tells nothing.
  const fromMs = Math.min(...spans.map((one) => one.fromMs));
  const wholeMs = Math.max(1000, toMs - fromMs);
  const widthPx = roomPx - leftPx - rightPx;
  const x = (ms: number) => leftPx + ((ms - fromMs) / wholeMs) * widthPx;
  const slots = Math.max(limit, ...spans.map(({ span }) => span.slot + 1));
  const height = slots * lanePx + 30;
  const ticks = ticksOf(fromMs, toMs, Math.max(2, Math.floor(widthPx / 110)));
  return (
    <figure class="card" aria-label="Runs over slots">
      <div class="wide" ref={frame}>
        <svg class="drawing" width={roomPx} height={height} viewBox={`0 0 ${roomPx} ${height}`}>
          <title>Which task held which slot when; the table below says the same</title>
          {ticks.map((tick) => (
            <g key={tick}>
              <path class="rule" d={`M${x(tick)} 20V${height}`} />
              <text class={`small${x(tick) > roomPx - 70 ? " before" : ""}`} x={x(tick)} y="14">
                {tickText(tick, toMs, wholeMs)}
              </text>
            </g>
          ))}
          {Array.from({ length: slots }, (_, lane) => (
            <text key={lane} class="small" x="0" y={24 + lane * lanePx + 26}>
              slot {lane + 1}
            </text>
          ))}
          {spans.map(({ span, fromMs: from, toMs: to }) => {
            const width = Math.max(3, x(to) - x(from));
            return (
              <g key={keyOf(span)} transform={`translate(${x(from)} ${24 + span.slot * lanePx})`}>
                <a
                  href={writeRoute({ view: "task", id: span.id, tab: "life" })}
                  aria-label={`${shownLine(span.label, 60)}, ${span.doing}, ${momentOf(span.from, toMs)}, ${sayDuration(to - from)}`}
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
      </div>
    </figure>
  );
}

function tickText(tick: number, toMs: number, wholeMs: number): string {
  const at = new Date(tick).toISOString();
  return wholeMs > 600_000 ? momentOf(at, toMs).replace(/^(\d\d:\d\d):\d\d$/, "$1") : clock(at);
}

const classOf = ({ to, state }: TimeSpan): string => (to === null ? "running" : state === "blocked" ? "needs" : state);
