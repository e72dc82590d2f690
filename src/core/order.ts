/** Who of those that belong together goes first: with whom a task belongs, and how long the way is that hangs on it. Pure. */

/** What is known of an open task. */
export interface Job {
  readonly id: string;
  readonly createdAt: string;
  /** The batch it is of; null for a task asked for alone. */
  readonly batch: string | null;
  /** Ids of what it comes after; those that are not open do not count. */
  readonly after: readonly string[];
}

export interface Weight {
  /** When the first of those it belongs with (its batch, its chain) was asked for. */
  readonly arrived: string;
  /** How long it is likely to take. */
  readonly ownMs: number;
  /** Its own time and that of the longest way behind it. */
  readonly pathMs: number;
}

export function weigh(jobs: readonly Job[], expectedMs: (id: string) => number): Map<string, Weight> {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const arrived = arrivals(jobs, byId);
  const behind = new Map<string, string[]>();
  for (const { id, after } of jobs)
    for (const before of after) {
      const those = behind.get(before);
      if (those === undefined) behind.set(before, [id]);
      else those.push(id);
    }
  const paths = new Map<string, number>();
  // Depth first without recursion: a chain may be long. One that a damaged log leads in a circle counts as far as it has been walked.
  for (const { id } of jobs) {
    const stack = [id];
    const entered = new Set<string>();
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = behind.get(top) ?? [];
      const open = paths.has(top) || entered.has(top) ? [] : next.filter((one) => !paths.has(one) && !entered.has(one));
      entered.add(top);
      if (open.length > 0) stack.push(...open);
      else {
        stack.pop();
        if (!paths.has(top)) paths.set(top, expectedMs(top) + Math.max(0, ...next.map((one) => paths.get(one) ?? 0)));
      }
    }
  }
  return new Map(jobs.map(({ id }) => [id, { arrived: arrived(id), ownMs: expectedMs(id), pathMs: paths.get(id) ?? 0 }]));
}

/** Tasks belong together that wait for one another, and those of one batch. */
function arrivals(jobs: readonly Job[], byId: ReadonlyMap<string, Job>): (id: string) => string {
  const above = new Map<string, string>();
  const rootOf = (id: string): string => {
    let root = id;
    for (let up = above.get(root); up !== undefined; up = above.get(root)) root = up;
    for (let at = id; at !== root; ) {
      const up = above.get(at) as string;
      above.set(at, root);
      at = up;
    }
    return root;
  };
  const join = (a: string, b: string) => {
    const [first, second] = [rootOf(a), rootOf(b)];
    if (first !== second) above.set(second, first);
  };
  const batches = new Map<string, string>();
  for (const { id, batch, after } of jobs) {
    for (const before of after) if (byId.has(before)) join(id, before);
    if (batch === null) continue;
    const other = batches.get(batch);
    if (other === undefined) batches.set(batch, id);
    else join(id, other);
  }
  const first = new Map<string, string>();
  for (const { id, createdAt } of jobs) {
    const root = rootOf(id);
    const known = first.get(root);
    if (known === undefined || createdAt < known) first.set(root, createdAt);
  }
  return (id) => first.get(rootOf(id)) as string;
}

/** The middle one; of an even number the mean of both in the middle. undefined of none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
