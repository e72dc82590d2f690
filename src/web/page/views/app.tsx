/** The frame: bar, notices, sidebar, and the view the address names. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { spokenLast } from "../attention.ts";
import { useAll, useBox } from "../box.ts";
import { keepFocus } from "../focus.ts";
import { followKeys } from "../hands.ts";
import { route } from "../nav.ts";
import type { Route } from "../pure/route.ts";
import { link, state } from "../store.ts";
import { Asked } from "./asking.tsx";
import { Bar } from "./bar.tsx";
import { BatchView } from "./batch.tsx";
import { BatchesView } from "./batches.tsx";
import { CleanView } from "./clean.tsx";
import { CommandText } from "./command.tsx";
import { Help } from "./help.tsx";
import { Home } from "./home.tsx";
import { NewTask } from "./new-task.tsx";
import { Notices } from "./notices.tsx";
import { OverlapsView } from "./overlaps.tsx";
import { QueueView } from "./queue.tsx";
import { SaidLast } from "./said-last.tsx";
import { Sidebar } from "./sidebar.tsx";
import { TaskView } from "./task.tsx";
import { TimelineView } from "./timeline.tsx";

export function App() {
  const at = useAll(route);
  const main = useRef<HTMLElement>(null);
  const before = useRef(at);
  useEffect(followKeys, []);
  useEffect(keepFocus, []);
  // Another view begins at its top, with the focus there for those who hear the page; at once, so that it is not taken from where the next key has put it.
  useLayoutEffect(() => {
    const other = before.current.view !== at.view || (at.view === "task" && before.current.view === "task" && at.id !== before.current.id);
    before.current = at;
    if (!other || main.current === null) return;
    main.current.scrollTop = 0;
    // Unless it has taken the focus already, for a field of its own.
    if (!main.current.contains(document.activeElement)) main.current.focus({ preventScroll: true });
  }, [at]);
  const live = useBox(link, ({ kind }) => kind === "live");
  return (
    <div class={`frame${at.view === "home" ? " at-home" : ""}${live ? "" : " still"}`}>
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
        <p>The address that lets a browser in is good for once. A new one comes of this, in a terminal:</p>
        <CommandText line="copse ui" />
      </div>
    );
  switch (at.view) {
    case "home":
      return <Home />;
    case "task":
      return <TaskView key={at.id} id={at.id} tab={at.tab} />;
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
