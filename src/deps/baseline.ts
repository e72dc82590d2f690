/** The baseline's check, begun: it goes on while the search begins, for its verdict is needed later than its list of updates. */
import { type Bench, check } from "./check.ts";
import { type Outcome, runsOf } from "./journal.ts";

export interface Baseline {
  /** Resolves when the check is in the journal. */
  readonly done: Promise<void>;
  /** Ends it; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

/** `list`: looks at what is installed for what there is to update, and says whether there is anything. @returns once that is known, or the check has ended without. @throws as `check`, and what `list` throws */
export async function beginBaseline(
  bench: Bench,
  list: (path: string) => Promise<boolean>,
  told: (outcome: Outcome) => void,
): Promise<Baseline> {
  const mine = new AbortController();
  const working: Bench = { ...bench, signal: AbortSignal.any([bench.signal, mine.signal]) };
  let done: Promise<void> = Promise.resolve();
  const listed = new Promise<void>((resolve) => {
    const goOn = async (path: string) => {
      const more = await list(path);
      resolve();
      return more;
    };
    done = check(working, runsOf(bench.campaign) + 1, [], [], { goOn }).then(told);
  });
  // Looked at by whoever waits for it; until then its failure is nobody's.
  done.catch(() => {});
  await Promise.race([listed, done]);
  return {
    done,
    async stop() {
      mine.abort();
      await done.catch(() => {});
    },
  };
}
