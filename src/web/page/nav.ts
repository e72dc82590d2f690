/** Where the page is: the address's hash, and the row of the list that keys act on. */
import { box } from "./box.ts";
import { type Route, readRoute, writeRoute } from "./pure/route.ts";

export const route = box<Route>(readRoute(location.hash));
/** Id of the selected task. */
export const cursor = box<string | null>(null);
export const filter = box("");

/** Follows the address; called once. */
export function followAddress(): void {
  const look = () => {
    const next = readRoute(location.hash);
    route.set(next);
    if (next.view === "task") cursor.set(next.id);
  };
  addEventListener("hashchange", look);
  look();
}

export function go(to: Route): void {
  location.hash = writeRoute(to);
}
