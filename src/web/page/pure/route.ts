/** What the address says is to be seen: `#/task/<id>/diff` and the like. Pure. */

export const taskTabs = ["life", "log", "diff", "checks", "report"] as const;
export type TaskTab = (typeof taskTabs)[number];

export type Route =
  | { readonly view: "home" | "new" | "batches" | "timeline" | "overlaps" | "queue" | "clean" }
  | { readonly view: "task"; readonly id: string; readonly tab: TaskTab }
  | { readonly view: "batch"; readonly repo: string; readonly name: string };

const plain = ["new", "batches", "timeline", "overlaps", "queue", "clean"] as const;

/** An address that means nothing leads home. */
export function readRoute(hash: string): Route {
  const [first = "", second, third] = hash
    .replace(/^#?\/?/, "")
    .split("/")
    .map(unescaped);
  if (first === "task" && second) return { view: "task", id: second, tab: taskTabs.find((tab) => tab === third) ?? "life" };
  if (first === "batch" && second && third) return { view: "batch", repo: second, name: third };
  return { view: plain.find((name) => name === first) ?? "home" };
}

export function writeRoute(route: Route): string {
  switch (route.view) {
    case "home":
      return "#/";
    case "task":
      return `#/task/${encodeURIComponent(route.id)}${route.tab === "life" ? "" : `/${route.tab}`}`;
    case "batch":
      return `#/batch/${encodeURIComponent(route.repo)}/${encodeURIComponent(route.name)}`;
    default:
      return `#/${route.view}`;
  }
}

/** "" where it is not well written. */
export function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
