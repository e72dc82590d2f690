/** Tells a person who looks elsewhere: the count in title and icon, and a notification where it was allowed. */
import { box } from "./box.ts";
import { type Change, changesOf, spoken } from "./pure/changes.ts";
import { groupOf, nameOfRepo } from "./pure/groups.ts";
import { writeRoute } from "./pure/route.ts";
import { shownLine } from "./pure/text.ts";
import { state } from "./store.ts";

/** What a screen reader is told; at most every two seconds. */
export const spokenLast = box("");
/** Whether the browser may show notifications, and was asked to. */
export const notifying = box(
  localStorage.getItem("copse-notify") === "on" && "Notification" in globalThis && Notification.permission === "granted",
);

const quietMs = 2000;

export function watchOut(): void {
  let before = state.get();
  let count = -1;
  let waiting: Change[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const speak = () => {
    timer = undefined;
    spokenLast.set(spoken(waiting));
    waiting = [];
  };
  state.subscribe(() => {
    const after = state.get();
    if (after.rows === before.rows) return;
    const needs = [...after.rows.values()].filter((task) => groupOf(task) === "needs").length;
    if (needs !== count) {
      count = needs;
      document.title = needs === 0 ? "Copse" : `(${needs}) Copse`;
      icon(needs);
    }
    // What was so when the page was opened is not news.
    const changes = before.loaded ? changesOf(before.rows, after.rows) : [];
    before = after;
    if (changes.length === 0) return;
    waiting.push(...changes);
    if (timer === undefined) timer = setTimeout(speak, quietMs);
    if (notifying.get()) for (const change of changes.filter(({ to }) => to !== "running").slice(0, 3)) show(change);
  });
}

function show({ task, to }: Change): void {
  const text = to === "needs" ? shownLine(task.needs?.text ?? "", 160) : nameOfRepo(task.repo);
  const note = new Notification(`${shownLine(task.label, 60)} ${to === "needs" ? "needs you" : task.state}`, { body: text, tag: task.id });
  note.onclick = () => {
    focus();
    location.hash = writeRoute({ view: "task", id: task.id, tab: "life" });
  };
}

/** Asks the browser; only ever after a press of the button. */
export async function allowNotifications(on: boolean): Promise<void> {
  const may = on && (await Notification.requestPermission()) === "granted";
  localStorage.setItem("copse-notify", may ? "on" : "off");
  notifying.set(may);
}

function icon(needs: number): void {
  const badge =
    needs === 0
      ? ""
      : `<circle cx='11' cy='11' r='5' fill='%23d97706'/><text x='11' y='13.6' font-size='7.5' font-family='sans-serif' font-weight='bold' text-anchor='middle' fill='white'>${needs > 9 ? "+" : needs}</text>`;
  const tree = "<path d='M7 1l5 6H9.6l3 4H8v4H6v-4H1.4l3-4H2z' fill='%231a6d38'/>";
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link !== null) link.href = `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>${tree}${badge}</svg>`;
}
