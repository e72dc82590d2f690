/** The frame: bar, notices, sidebar, and the view the address names. */
import { useEffect, useRef, useState } from "preact/hooks";
import { allowNotifications, notifying, spokenLast } from "../attention.ts";
import { useAll, useBox } from "../box.ts";
import { leave } from "../client.ts";
import { said, unsay } from "../deeds.ts";
import { followKeys, helping, letters, setLetters } from "../hands.ts";
import { route } from "../nav.ts";
import { allGroups } from "../pure/groups.ts";
import { keys } from "../pure/keys.ts";
import { type Route, writeRoute } from "../pure/route.ts";
import { shown } from "../pure/text.ts";
import { link, now, state, trouble, tryNow } from "../store.ts";
import { Asked } from "./asking.tsx";
import { BatchView } from "./batch.tsx";
import { BatchesView } from "./batches.tsx";
import { CleanView } from "./clean.tsx";
import { Dialog } from "./dialog.tsx";
import { Home } from "./home.tsx";
import { NewTask } from "./new-task.tsx";
import { Trouble } from "./notice.tsx";
import { OverlapsView } from "./overlaps.tsx";
import { QueueView } from "./queue.tsx";
import { Sidebar } from "./sidebar.tsx";
import { TaskView } from "./task.tsx";
import { TimelineView } from "./timeline.tsx";

const places = [
  ["home", "Tasks"],
  ["queue", "Queue"],
  ["batches", "Batches"],
  ["timeline", "Timeline"],
  ["overlaps", "Overlaps"],
  ["clean", "Clean"],
] as const;

export function App() {
  const at = useAll(route);
  const main = useRef<HTMLElement>(null);
  const before = useRef(at);
  useEffect(followKeys, []);
  // Another view begins at its top, with the focus there for those who hear the page.
  useEffect(() => {
    const other = before.current.view !== at.view || (at.view === "task" && before.current.view === "task" && at.id !== before.current.id);
    before.current = at;
    if (!other || main.current === null) return;
    main.current.scrollTop = 0;
    main.current.focus({ preventScroll: true });
  }, [at]);
  return (
    <div class={`frame${at.view === "home" ? " at-home" : ""}`}>
      <Bar at={at} />
      <section class="notices" aria-label="Notices">
        <Notices />
      </section>
      <Sidebar />
      <main class="main" id="main" ref={main} tabIndex={-1}>
        <View at={at} />
      </main>
      <Asked />
      <Help />
      <SaidLast />
      <p class="unseen" role="status" aria-live="polite">
        {useAll(spokenLast)}
      </p>
    </div>
  );
}

function View({ at }: { at: Route }) {
  const shut = useAll(link).kind === "out";
  const loaded = useBox(state, (known) => known.loaded);
  if (shut && !loaded)
    return (
      <div class="empty">
        <h1>Open it anew</h1>
        <p>
          The address that lets a browser in is good for once. A new one: <code>copse ui</code>
        </p>
      </div>
    );
  switch (at.view) {
    case "home":
      return <Home />;
    case "task":
      return <TaskView id={at.id} tab={at.tab} />;
    case "batch":
      return <BatchView repo={at.repo} name={at.name} />;
    case "new":
      return <NewTask />;
    case "batches":
      return <BatchesView />;
    case "timeline":
      return <TimelineView />;
    case "overlaps":
      return <OverlapsView />;
    case "queue":
      return <QueueView />;
    case "clean":
      return <CleanView />;
  }
}

function Bar({ at }: { at: Route }) {
  const live = useAll(link);
  const told = useAll(notifying);
  return (
    <header class="bar">
      <button type="button" class="skip" onClick={() => document.getElementById("main")?.focus()}>
        To the content
      </button>
      <a class="brand" href="#/">
        Copse
      </a>
      <nav aria-label="Views">
        <ul>
          {places.map(([view, title]) => (
            <li key={view}>
              <a href={writeRoute({ view })} aria-current={isAt(at, view) ? "page" : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="push">
        <Counts />
        <span class="link-state">
          <span class={`dot${live.kind === "live" ? "" : " off"}`} aria-hidden="true" />
          {live.kind === "live" ? "live" : live.kind === "connecting" ? "connecting" : "not connected"}
        </span>
        {"Notification" in globalThis && (
          <button type="button" aria-pressed={told} onClick={() => void allowNotifications(!told)}>
            {told ? "Notifications on" : "Notify me"}
          </button>
        )}
        <button type="button" class="bare" aria-label="Keys" onClick={() => helping.set(true)}>
          <kbd>?</kbd>
        </button>
        <a class="button main" href="#/new">
          New task
        </a>
      </div>
    </header>
  );
}

const isAt = (at: Route, view: (typeof places)[number][0]): boolean =>
  at.view === view || (view === "home" && at.view === "task") || (view === "batches" && at.view === "batch");

function Counts() {
  const text = useBox(state, ({ rows }) => {
    const [needs, running, queued] = allGroups(rows).map(({ tasks }) => tasks.length);
    return [
      needs ? `${needs} need${needs === 1 ? "s" : ""} you` : "",
      running ? `${running} running` : "",
      queued ? `${queued} queued` : "",
    ]
      .filter((part) => part !== "")
      .join(" · ");
  });
  return <span class="dim counts">{text}</span>;
}

function Notices() {
  const live = useAll(link);
  const error = useAll(trouble);
  const paused = useBox(state, ({ queue }) => queue?.paused ?? false);
  return (
    <>
      {live.kind === "out" && (
        <div class="notice bad" role="alert">
          This page may not look: its address has been used before, or is too old. Open it anew with <code>copse ui</code>.
        </div>
      )}
      {live.kind === "lost" && <Lost nextMs={live.nextMs} />}
      {error !== null && live.kind !== "out" && (
        <div class="notice bad" role="alert">
          {shown(error.message)} {error.hint === null ? "" : shown(error.hint)}
        </div>
      )}
      {paused && live.kind === "live" && (
        <div class="notice">
          The queue is paused: what runs goes on, nothing more starts. <a href="#/queue">To the queue</a>
        </div>
      )}
    </>
  );
}

function Lost({ nextMs }: { nextMs: number }) {
  const seconds = useBox(now, (ms) => Math.max(0, Math.ceil((nextMs - ms) / 1000)));
  return (
    <div class="notice bad">
      <span role="alert">
        The runner is not running. Agents that are at work go on; what you see is how things stood. Start it with{" "}
        <code>copse ui --no-open</code>: this page comes back by itself.
      </span>{" "}
      <span class="dim-not">{seconds > 0 ? `Next try in ${seconds} s. ` : "Trying … "}</span>
      <button type="button" onClick={tryNow}>
        Try now
      </button>
    </div>
  );
}

function SaidLast() {
  const list = useAll(said);
  return (
    <div class="said-last" role="status" aria-live="polite">
      {list.map(({ key, command, error, notes }) => (
        <div key={key} class={`card${error === null ? "" : " bad"}`}>
          <p>
            <code class="said">{shown(command)}</code>
          </p>
          {error === null ? <p>Done.{notes === "" ? "" : ` ${shown(notes)}`}</p> : <Trouble error={error} />}
          <div class="end">
            <button type="button" class="bare" onClick={() => unsay(key)}>
              Close
            </button>
          </div>
        </div>
      ))}
    </div>
  );
}

function Help() {
  const open = useAll(helping);
  const [on, setOn] = useState(letters);
  if (!open) return null;
  return (
    <Dialog title="Keys" close={() => helping.set(false)}>
      <dl class="keys">
        {keys.map(({ key, says }) => [
          <dt key={key}>
            <kbd>{key}</kbd>
          </dt>,
          <dd key={`${key} says`}>{says}</dd>,
        ])}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={on}
          onChange={(event) => {
            setOn(event.currentTarget.checked);
            setLetters(event.currentTarget.checked);
          }}
        />
        letters are keys (turn this off if they get in the way of a screen reader or of dictation)
      </label>
      <div class="end">
        <button type="button" onClick={() => void leave()}>
          Forget this browser
        </button>
        <button type="button" class="main" onClick={() => helping.set(false)}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
