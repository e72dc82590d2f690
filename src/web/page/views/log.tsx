/** What the agent does, as it does it: the end of its recording, more above when scrolled to; only the lines in sight are drawn. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type LogPart, type TaskRow, taskLogPath } from "../../api.ts";
import { useBox } from "../box.ts";
import { type Refusal, read } from "../client.ts";
import { type Held, held, withNext, withPrevious } from "../pure/log-window.ts";
import { shown } from "../pure/text.ts";
import { sliceOf } from "../pure/window.ts";
import { bytesText, clock } from "../pure/words.ts";
import { link, state } from "../store.ts";
import { Trouble } from "./notice.tsx";

const linePx = 19;
const partBytes = 256 * 1024;
/** More than this is let go of at the far end; it can be read again. */
const mostLines = 20_000;
const mostShownChars = 2000;
const streams = { activity: "What it does", out: "Its output, raw", err: "Its error output" } as const;
type Stream = keyof typeof streams;

export function LogTab({ task }: { task: TaskRow }) {
  const life = useBox(state, ({ lives }) => lives.get(task.id));
  const runs = life?.about.runs ?? [];
  const last = Math.max(task.attempt, ...runs);
  const [run, setRun] = useState<number | null>(null);
  const [stream, setStream] = useState<Stream>("activity");
  if (last === 0)
    return (
      <div class="empty">
        <h2>Nothing yet</h2>
        <p>It has not started.</p>
      </div>
    );
  const chosen = run ?? last;
  return (
    <>
      <div class="actions">
        {last > 1 && (
          <label class="check">
            Attempt
            <select value={String(chosen)} onChange={(event) => setRun(Number(event.currentTarget.value))}>
              {Array.from({ length: last }, (_, i) => i + 1).map((one) => (
                <option key={one} value={String(one)}>
                  {one}
                </option>
              ))}
            </select>
          </label>
        )}
        <label class="check">
          <span class="unseen">Which output</span>
          <select value={stream} onChange={(event) => setStream(event.currentTarget.value as Stream)}>
            {Object.entries(streams).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Lines key={`${chosen} ${stream}`} task={task} run={chosen} stream={stream} />
    </>
  );
}

interface LinesProps {
  readonly task: TaskRow;
  readonly run: number;
  readonly stream: Stream;
}

function Lines({ task, run, stream }: LinesProps) {
  const grown = useBox(state, (known) => known.grown.get(task.id));
  const live = useBox(link, ({ kind }) => kind === "live");
  const [part, setHeld] = useState<Held | null>(null);
  // What is held now, also in the middle of a look that began with less.
  const latest = useRef<Held | null>(null);
  const setPart = (next: Held) => {
    latest.current = next;
    setHeld(next);
  };
  const [size, setSize] = useState(0);
  const [error, setError] = useState<Refusal | null>(null);
  const [follow, setFollow] = useState(true);
  const following = useRef(true);
  following.current = follow;
  const [view, setView] = useState({ top: 0, height: 600 });
  const box = useRef<HTMLDivElement>(null);
  const busy = useRef(false);
  const wanted = useRef(false);
  const later = useRef<(() => Promise<void>) | undefined>(undefined);
  /** Where the lines were before some came above them. */
  const grewAbove = useRef(0);

  const get = async (from: number, length: number): Promise<LogPart | undefined> => {
    try {
      const answer = await read<LogPart>(taskLogPath(task.id), { run, stream, from, length });
      setSize(answer.size);
      setError(null);
      return answer;
    } catch (problem) {
      setError(problem as Refusal);
      return undefined;
    }
  };
  const once = async (deed: () => Promise<void>): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    await deed();
    busy.current = false;
    const pressed = later.current;
    later.current = undefined;
    if (pressed !== undefined) await once(pressed);
    // It has grown while something else was read.
    else if (wanted.current && following.current) await next();
  };
  /** What a person pressed is done, if not at once. */
  const press = (deed: () => Promise<void>) => {
    if (busy.current) later.current = deed;
    else void once(deed);
  };
  const end = async () => {
    const answer = await get(-partBytes, partBytes);
    if (answer !== undefined) setPart(held(answer));
  };
  const top = async () => {
    const answer = await get(0, partBytes);
    if (answer !== undefined) setPart(held(answer));
    if (box.current !== null) box.current.scrollTop = 0;
  };
  const next = (): Promise<void> =>
    once(async () => {
      let now = latest.current;
      wanted.current = false;
      if (now === null) return;
      // What came while this was on its way is asked for, too.
      do {
        wanted.current = false;
        const answer = await get(now.to, partBytes);
        if (answer === undefined) break;
        const more = withNext(now, answer, mostLines);
        if (answer.to < answer.size && more !== now && following.current) wanted.current = true;
        now = more;
      } while (wanted.current);
      setPart(now);
    });
  const previous = () =>
    once(async () => {
      const now = latest.current;
      if (now === null || now.from === 0) return;
      const from = Math.max(0, now.from - partBytes);
      const answer = await get(from, now.from - from);
      if (answer === undefined) return;
      const more = withPrevious(now, answer, mostLines);
      if (more !== now) grewAbove.current = answer.lines.length;
      setPart(more);
    });

  useEffect(() => {
    // Also when it could not be read before, as the runner was away.
    if (latest.current === null) void once(end);
  }, [live]);
  // Where the person reads above, only the size is brought up to date.
  useEffect(() => {
    if (grown !== undefined && grown.run !== run) return;
    if (busy.current) wanted.current = true;
    else if (follow) void next();
  }, [grown?.bytes, task.state, follow, live]);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    if (grewAbove.current > 0) {
      element.scrollTop += grewAbove.current * linePx;
      grewAbove.current = 0;
    } else if (follow) element.scrollTop = element.scrollHeight;
    look();
  }, [part, follow]);

  const look = () => {
    const element = box.current;
    if (element !== null && (element.scrollTop !== view.top || element.clientHeight !== view.height))
      setView({ top: element.scrollTop, height: element.clientHeight });
  };
  const onScroll = () => {
    look();
    const element = box.current;
    if (element === null || part === null) return;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 2 * linePx;
    if (atEnd && part.to < size && !follow) void next();
    else if (atEnd !== follow) setFollow(atEnd);
    if (element.scrollTop < 40 * linePx) void previous();
  };

  const lines = part?.lines ?? [];
  const { first, end: behind } = sliceOf(lines.length, linePx, view.top, view.height, 20);
  return (
    <>
      {error !== null && error.status !== 0 && <Trouble error={error} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <div class="log" ref={box} onScroll={onScroll} tabIndex={0} role="log" aria-live="off" aria-label={streams[stream]}>
        <div class="all" style={{ height: `${lines.length * linePx}px` }}>
          {lines.slice(first, behind).map((line, i) => (
            <div key={first + i} class={`line kind-${line.kind}`} style={{ transform: `translateY(${(first + i) * linePx}px)` }}>
              {shown(line.text.length > mostShownChars ? `${line.text.slice(0, mostShownChars)} …` : line.text).replace(/\n/g, " ⏎ ")}
            </div>
          ))}
        </div>
        {part !== null && lines.length === 0 && <p class="empty">It has said nothing {stream === "err" ? "there" : "yet"}.</p>}
      </div>
      <div class="actions">
        <button
          type="button"
          onClick={() => {
            setFollow(false);
            press(top);
          }}
        >
          Beginning
        </button>
        <button
          type="button"
          aria-pressed={follow}
          onClick={() => {
            setFollow(true);
            press(end);
          }}
        >
          {follow ? "Following the end" : "End"}
        </button>
        <span class="dim">
          {bytesText(size)}
          {task.lastOutputAt !== null && task.state === "running" ? ` · last wrote at ${clock(task.lastOutputAt)}` : ""}
        </span>
      </div>
    </>
  );
}
