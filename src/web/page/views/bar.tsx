/** The bar at the top: where one can go, how many need a person, whether what is seen is live. */
import { allowNotifications, notifying } from "../attention.ts";
import { useAll, useBox } from "../box.ts";
import { helping } from "../hands.ts";
import { allGroups } from "../pure/groups.ts";
import { type Route, writeRoute } from "../pure/route.ts";
import { link, state } from "../store.ts";
import type { Link } from "../stream.ts";

const places = [
  ["home", "Tasks"],
  ["queue", "Queue"],
  ["batches", "Batches"],
  ["timeline", "Timeline"],
  ["overlaps", "Overlaps"],
  ["clean", "Clean"],
] as const;

const linkWords: Readonly<Record<Link["kind"], string>> = { live: "live", connecting: "connecting", lost: "no runner", out: "not let in" };

export function Bar({ at }: { at: Route }) {
  const { kind } = useAll(link);
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
          <span class={`dot${kind === "live" ? "" : kind === "connecting" ? " wait" : " off"}`} aria-hidden="true" />
          {linkWords[kind]}
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
