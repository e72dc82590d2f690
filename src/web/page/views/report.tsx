/** The report as it was written, as text. */
import { useEffect, useState } from "preact/hooks";
import { type Report, type TaskRow, taskReportPath } from "../../api.ts";
import { type Refusal, read } from "../client.ts";
import { shown } from "../pure/text.ts";
import { Trouble } from "./notice.tsx";

export function ReportTab({ task }: { task: TaskRow }) {
  const [report, setReport] = useState<Report | null>(null);
  const [error, setError] = useState<Refusal | null>(null);
  useEffect(() => {
    setError(null);
    read<Report>(taskReportPath(task.id)).then(setReport, setError);
  }, [task.id, task.result?.report, task.endedAt]);
  if (error !== null) return <Trouble error={error} />;
  if (report === null) return <p class="dim">Loading …</p>;
  if (report.report === null)
    return (
      <div class="empty">
        <h2>No report yet</h2>
        <p>It is written when the task has ended.</p>
      </div>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre class="card said whole" tabIndex={0}>
      {shown(report.report)}
    </pre>
  );
}
