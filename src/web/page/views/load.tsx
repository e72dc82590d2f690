/** Something that is looked up when a view opens, and again when what it is about has changed. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useBox } from "../box.ts";
import { type Refusal, read } from "../client.ts";
import { link } from "../store.ts";
import { Trouble } from "./notice.tsx";

/** @returns what was found, or what to show instead; `turn` another value: look again */
export function useLooked<T>(
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  turn: unknown,
): { found: T } | { instead: ComponentChildren } {
  const [found, setFound] = useState<T | null>(null);
  const [error, setError] = useState<Refusal | null>(null);
  const live = useBox(link, ({ kind }) => kind === "live");
  const key = JSON.stringify([path, query]);
  useEffect(() => setFound(null), [key]);
  useEffect(() => {
    let over = false;
    read<T>(path, query).then(
      (answer) => {
        if (over) return;
        setFound(() => answer);
        setError(null);
      },
      (problem: Refusal) => over || setError(problem),
    );
    return () => {
      over = true;
    };
  }, [key, turn, live]);
  if (found !== null) return { found };
  if (error !== null && error.status !== 0)
    return {
      instead: (
        <div class="inner">
          <Trouble error={error} />
        </div>
      ),
    };
  return { instead: <p class="empty">Loading …</p> };
}
