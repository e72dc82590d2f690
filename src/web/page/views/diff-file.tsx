/** One file of a diff. Its lines are loaded when it comes into sight; whatever they say is text. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type DiffFile, type FileDiff, taskDiffPath } from "../../api.ts";
import type { Remark } from "../../levers.ts";
import { useAll } from "../box.ts";
import { type Refusal, read } from "../client.ts";
import { draftOf, useDraft } from "../drafts.ts";
import { memo } from "../memo.ts";
import { type DiffRow, diffRows } from "../pure/diff-lines.ts";
import { shown, shownLine } from "../pure/text.ts";
import { writing as beingWritten, remarksOf, setRemarks } from "../remarks.ts";
import { Trouble } from "./notice.tsx";

interface Props {
  readonly task: string;
  readonly file: DiffFile;
  readonly base: string;
  readonly to: string;
  /** Open from the beginning? */
  readonly first: boolean;
}

/** A file of very many lines is drawn in parts. */
const rowsAtOnce = 1500;

export function DiffFileView({ task, file, base, to, first }: Props) {
  const [open, setOpen] = useState(first);
  const [got, setGot] = useState<FileDiff | null>(null);
  const [error, setError] = useState<Refusal | null>(null);
  const element = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (!open || got !== null || element.current === null) return;
    const watch = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        watch.disconnect();
        read<FileDiff>(taskDiffPath(task), { path: file.path, base, to }).then(setGot, setError);
      },
      { rootMargin: "600px" },
    );
    watch.observe(element.current);
    return () => watch.disconnect();
  }, [open, got]);
  return (
    <details class="file" ref={element} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary data-file={file.path}>
        <code class="path">
          {file.oldPath !== null && file.oldPath !== file.path ? `${shownLine(file.oldPath, 200)} → ` : ""}
          {shownLine(file.path, 300)}
        </code>
        <span class="dim">{file.status}</span>
        {file.insertions !== null && (
          <span>
            <span class="added">+{file.insertions}</span> <span class="removed">−{file.deletions}</span>
          </span>
        )}
      </summary>
      {error !== null && <Trouble error={error} />}
      {file.binary ? (
        <p class="inset dim">Not text: git shows no lines of it.</p>
      ) : got === null ? (
        open && error === null && <p class="inset dim">Loading …</p>
      ) : got.patch === "" ? (
        <p class="inset dim">No line of it has changed.</p>
      ) : (
        <Lines task={task} path={file.path} patch={got.patch} />
      )}
      {got?.truncated && <p class="inset dim">It is too long to be shown whole: copse diff shows all.</p>}
    </details>
  );
}

function Lines({ task, path, patch }: { task: string; path: string; patch: string }) {
  const rows = useMemo(() => diffRows(patch), [patch]);
  const [most, setMost] = useState(rowsAtOnce);
  const [at, setAt] = useState(() => Math.max(0, rows.findIndex(isLine)));
  const draftName = (row: DiffRow) => `remark ${task} ${path} ${placeOf(row).join(" ")}`;
  // One that was being written when this was drawn elsewhere is there again.
  const [writing, setWriting] = useState<number | null>(() => {
    const begun = rows.findIndex((row) => isLine(row) && draftOf(draftName(row)) !== "");
    return begun < 0 ? null : begun;
  });
  const remarks = useAll(remarksOf(task)).filter((one) => one.path === path);
  const table = useRef<HTMLTableElement>(null);
  /** One stop for the tab key in a file; the arrows go from line to line. */
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || !(event.target instanceof HTMLButtonElement)) return;
    event.preventDefault();
    let next = at + step;
    while (next >= 0 && next < Math.min(most, rows.length) && !isLine(rows[next] as DiffRow)) next += step;
    if (next < 0 || next >= Math.min(most, rows.length)) return;
    setAt(next);
    table.current?.querySelector<HTMLButtonElement>(`[data-row="${next}"] button`)?.focus();
  };
  return (
    <div class="lines">
      <table ref={table} onKeyDown={move} aria-label={`Changed lines of ${shownLine(path, 100)}`}>
        <tbody>
          {rows.slice(0, most).map((row, i) => {
            const [line, side] = placeOf(row);
            const said = remarks.filter((one) => one.line === line && one.side === side && isLine(row));
            return [
              <Line key={i} row={row} index={i} stop={i === at} remark={setWriting} />,
              ...said.map((one) => (
                <tr class="talk" key={`${i} ${one.text}`}>
                  <td colSpan={4}>
                    <p class="inside said">{shown(one.text)}</p>
                  </td>
                </tr>
              )),
              writing === i && (
                <Write
                  key={`${i} write`}
                  label={`Remark on line ${line}`}
                  draft={draftName(row)}
                  close={() => {
                    setWriting(null);
                    table.current?.querySelector<HTMLButtonElement>(`[data-row="${i}"] button`)?.focus();
                  }}
                  keep={(text) => {
                    const remark: Remark = { path, line, side, quote: row.text, text };
                    setRemarks(task, [...remarksOf(task).get(), remark]);
                  }}
                />
              ),
            ];
          })}
        </tbody>
      </table>
      {most < rows.length && (
        <p class="inset">
          <button type="button" onClick={() => setMost(most + 4 * rowsAtOnce)}>
            Show more lines ({rows.length - most} left)
          </button>
        </p>
      )}
    </div>
  );
}

const isLine = ({ kind }: DiffRow): boolean => kind !== "hunk" && kind !== "note";
const placeOf = ({ old, now }: DiffRow): [number, Remark["side"]] => (now === null ? [old ?? 0, "old"] : [now, "new"]);
const signs = { add: "+", del: "−", same: " ", hunk: "", note: "" } as const;

interface LineProps {
  readonly row: DiffRow;
  readonly index: number;
  readonly stop: boolean;
  readonly remark: (index: number) => void;
}

const Line = memo(({ row, index, stop, remark }: LineProps) => {
  if (!isLine(row))
    return (
      <tr class={row.kind}>
        <td colSpan={4}>{shown(row.text)}</td>
      </tr>
    );
  const [line, side] = placeOf(row);
  return (
    <tr class={row.kind} data-row={index}>
      <td class="on">
        <button
          type="button"
          tabIndex={stop ? 0 : -1}
          aria-label={`Remark on ${side === "old" ? "removed " : ""}line ${line}`}
          onClick={() => remark(index)}
        >
          +
        </button>
      </td>
      <td class="no">{row.old ?? ""}</td>
      <td class="no">{row.now ?? ""}</td>
      <td class="text">
        {signs[row.kind]}
        {shown(row.text)}
      </td>
    </tr>
  );
});

interface WriteProps {
  readonly label: string;
  /** What its text is kept as until it is done. */
  readonly draft: string;
  readonly keep: (text: string) => void;
  readonly close: () => void;
}

function Write({ label, draft, keep, close }: WriteProps) {
  const [text, setText] = useDraft(draft);
  const field = useRef<HTMLTextAreaElement>(null);
  // Before the next key is pressed: it is the remark's first letter, and no command.
  useLayoutEffect(() => {
    field.current?.focus();
    beingWritten.set(beingWritten.get() + 1);
    return () => beingWritten.set(beingWritten.get() - 1);
  }, []);
  const cancel = () => {
    setText("");
    close();
  };
  const done = () => {
    if (text.trim() !== "") keep(text.trim());
    cancel();
  };
  return (
    <tr class="talk">
      <td colSpan={4}>
        <div class="inside">
          <textarea
            ref={field}
            aria-label={label}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) done();
              if (event.key === "Escape") {
                event.stopPropagation();
                cancel();
              }
            }}
          />
          <div class="choices">
            <button type="button" class="main" disabled={text.trim() === ""} onClick={done}>
              Keep remark
            </button>
            <button type="button" onClick={cancel}>
              Cancel
            </button>
            <span class="dim">It is sent with the others, at the foot of the page.</span>
          </div>
        </div>
      </td>
    </tr>
  );
}
