/** The keys, and what this browser has been told to remember. */
import { useState } from "preact/hooks";
import { useAll } from "../box.ts";
import { leave } from "../client.ts";
import { helping, letters, setLetters } from "../hands.ts";
import { keys } from "../pure/keys.ts";
import { Dialog } from "./dialog.tsx";

export function Help() {
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
