/** The report as it was written, as text. */
import { type Report, type TaskRow, taskReportPath } from "../../api.ts";
import { shown } from "../pure/text.ts";
import { useLooked } from "./load.tsx";

export function ReportTab({ task }: { task: TaskRow }) {
  const looked = useLooked<Report>({ path: taskReportPath(task.id) }, `${task.result?.report} ${task.endedAt}`);
  if ("instead" in looked) return <>{looked.instead}</>;
  if (looked.found.report === null)
    return (
      <div class="empty">
        <h2>No report yet</h2>
        <p>It is written when the task has ended.</p>
      </div>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre class="card said whole" tabIndex={0}>
      {shown(looked.found.report)}
    </pre>
  );
}
