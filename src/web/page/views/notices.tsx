/** What concerns the whole page: no runner, not let in, something that could not be loaded, a paused queue; each with what to do next. */
import { useAll, useBox } from "../box.ts";
import { shown } from "../pure/text.ts";
import { link, now, state, trouble, tryNow } from "../store.ts";
import { CommandText } from "./command.tsx";

export function Notices() {
  const live = useAll(link);
  const error = useAll(trouble);
  const paused = useBox(state, ({ queue }) => queue?.paused ?? false);
  return (
    <>
      {live.kind === "out" && (
        <div class="notice bad">
          <p role="alert">This page may not look: its address has been used before, or is too old. Open it anew, in a terminal:</p>
          <CommandText line="copse ui" />
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
          <p>
            The queue is paused: what runs goes on, nothing more starts. <a href="#/queue">To the queue</a>
          </p>
        </div>
      )}
    </>
  );
}

/** Nothing of Copse listens while no runner is up, so it cannot be started from here. */
function Lost({ nextMs }: { nextMs: number }) {
  const seconds = useBox(now, (ms) => Math.max(0, Math.ceil((nextMs - ms) / 1000)));
  return (
    <div class="notice bad">
      <p role="alert">The runner is not running. Agents at work go on; what you see is how things stood. To start it, in a terminal:</p>
      <CommandText line="copse ui --no-open" />
      <button type="button" onClick={tryNow}>
        Try now
      </button>
      <span>{seconds > 0 ? `This page comes back by itself; next try in ${seconds} s.` : "Trying …"}</span>
    </div>
  );
}
