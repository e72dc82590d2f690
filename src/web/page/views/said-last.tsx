/** What came of the commands pressed last: at the foot of the page, until it has been seen. */
import { useAll } from "../box.ts";
import { said, unsay } from "../deeds.ts";
import { shown } from "../pure/text.ts";

export function SaidLast() {
  const list = useAll(said);
  return (
    <div class="said-last" role="status" aria-live="polite">
      {list.map(({ key, command, error, notes }) => (
        <div key={key} class={`card${error === null ? "" : " bad"}`} role={error === null ? undefined : "alert"}>
          <div class="top">
            <code class="said">{shown(command)}</code>
            <button type="button" class="bare" aria-label="Close" onClick={() => unsay(key)}>
              ×
            </button>
          </div>
          <p class="said">{error === null ? ["Done.", shown(notes)].join(" ").trim() : shown(error.message)}</p>
          {error?.hint && <p class="said">Next: {shown(error.hint)}</p>}
        </div>
      ))}
    </div>
  );
}
