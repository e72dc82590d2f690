/** Something that is looked up when a view opens, and again when what it is about has changed. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useBox } from "../box.ts";
import { Refusal, read } from "../client.ts";
import { link } from "../store.ts";
import { Trouble } from "./notice.tsx";

/** `again` looks once more. */
export type Looked<T> = ({ readonly found: T } | { readonly instead: ComponentChildren }) & { readonly again: () => void };

interface Wanted {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** What it is about, where the query says more than that (a moving moment): as long as it stays, what was found stays until the next answer is there. */
  readonly about?: string;
}

interface Seen<T> {
  readonly about: string;
  readonly found: T | null;
  readonly error: Refusal | null;
}

/**
 * One look at a time, so that changes that come fast end in an answer and not in looks that overtake each other. `turn` another value: look again.
 * @returns what was found, or what to show instead
 */
export function useLooked<T>(wanted: Wanted, turn: unknown): Looked<T> {
  const about = wanted.about ?? JSON.stringify([wanted.path, wanted.query]);
  const [seen, setSeen] = useState<Seen<T>>({ about, found: null, error: null });
  const now = useRef({ wanted, about, over: false, busy: false, again: false });
  Object.assign(now.current, { wanted, about });
  const live = useBox(link, ({ kind }) => kind === "live");
  const away = useBox(link, ({ kind }) => kind === "lost");
  const look = async () => {
    const state = now.current;
    state.again = state.busy;
    if (state.busy) return;
    state.busy = true;
    do {
      state.again = false;
      const answer = await answerOf<T>(state.about, state.wanted);
      if (state.over) return;
      // Who cannot be reached has said nothing new.
      if (answer.about === state.about)
        setSeen((last) => (answer.error?.status === 0 && last.about === answer.about && last.found !== null ? last : answer));
    } while (state.again);
    state.busy = false;
  };
  useEffect(() => void look(), [about, turn, live]);
  useEffect(
    () => () => {
      now.current.over = true;
    },
    [],
  );
  const again = () => void look();
  if (seen.about === about && seen.found !== null) return { found: seen.found, again };
  if (seen.about === about && seen.error !== null && seen.error.status !== 0) return { instead: <Trouble error={seen.error} />, again };
  const says = away ? "It is shown as soon as a runner is there again." : "Loading …";
  return {
    instead: (
      <p class="empty" role="status">
        {says}
      </p>
    ),
    again,
  };
}

async function answerOf<T>(about: string, { path, query }: Wanted): Promise<Seen<T>> {
  try {
    return { about, found: await read<T>(path, query), error: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { about, found: null, error };
  }
}

/** For a view that has nothing around what is looked up. */
export const Instead = ({ children }: { children: ComponentChildren }) => <div class="inner">{children}</div>;
