/** The evidence: each check with its exit code, its time and its output. */
import { useEffect, useState } from "preact/hooks";
import { sayDuration } from "../../../core/duration.ts";
import { type LogPart, type TaskRow, taskLogPath } from "../../api.ts";
import { useBox } from "../box.ts";
import { type Refusal, read } from "../client.ts";
import { shown } from "../pure/text.ts";
import { openLife, state } from "../store.ts";
import { Trouble } from "./notice.tsx";

export function ChecksTab({ task }: { task: TaskRow }) {
  const life = useBox(state, ({ lives }) => lives.get(task.id));
  // What checks there are, and whether they have output, comes with the whole look only.
  useEffect(() => void openLife(task.id).catch(() => undefined), [task.id, task.verify]);
  if (life === undefined) return <p class="dim">Loading …</p>;
  const { checks, verify } = life.about;
  if (checks.length === 0)
    return (
      <div class="empty">
        <h2>No evidence yet</h2>
        <p>
          {verify.length === 0
            ? "It was started without checks (--verify): an agent’s word is not evidence."
            : "Its checks run after its agent has ended:"}
        </p>
        {verify.map((command) => (
          <code key={command}>{shown(command)}</code>
        ))}
      </div>
    );
  return (
    <>
      {checks.map((check, i) => (
        <section key={`${i} ${check.command}`} class={`card${check.exitCode === 0 ? "" : " bad"}`} aria-label={`Check ${i + 1}`}>
          <p>
            <code>{shown(check.command)}</code>
          </p>
          <p class={check.exitCode === 0 ? "added" : ""}>
            {check.exitCode === 0
              ? "passed"
              : check.exitCode === null
                ? "did not end by itself"
                : `failed with exit code ${check.exitCode}`}{" "}
            · {sayDuration(check.durationMs)}
          </p>
          {check.output && <Output id={task.id} check={i} open={check.exitCode !== 0} />}
        </section>
      ))}
    </>
  );
}

const mostBytes = 64 * 1024;

function Output({ id, check, open }: { id: string; check: number; open: boolean }) {
  const [isOpen, setOpen] = useState(open);
  const [part, setPart] = useState<LogPart | null>(null);
  const [error, setError] = useState<Refusal | null>(null);
  useEffect(() => {
    if (isOpen && part === null)
      read<LogPart>(taskLogPath(id), { stream: `check:${check}`, from: -mostBytes, length: mostBytes }).then(setPart, setError);
  }, [isOpen]);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Output</summary>
      {error !== null && <Trouble error={error} />}
      {part !== null && part.from > 0 && <p class="dim">Its last {Math.round(mostBytes / 1024)} KB.</p>}
      {part !== null && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre class="said" tabIndex={0}>
          {part.lines.map(({ text }) => shown(text)).join("\n") || "(it said nothing)"}
        </pre>
      )}
    </details>
  );
}
