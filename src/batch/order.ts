/** The order in which the tasks of a batch can be made: whoever is needed first. Pure. */

/** `needs`: for each name those it waits for, in the order of the file. Names come out in that order as far as needs allow; or a cycle, its first name last again. */
export function orderOf(needs: ReadonlyMap<string, readonly string[]>): { order: string[] } | { cycle: string[] } {
  const order: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  // By hand, not by recursion: a chain may be as long as a batch.
  for (const first of needs.keys()) {
    const stack: { name: string; left: string[] }[] = [];
    const enter = (name: string) => {
      path.push(name);
      stack.push({ name, left: [...(needs.get(name) ?? [])] });
    };
    if (!done.has(first)) enter(first);
    while (stack.length > 0) {
      const top = stack.at(-1) as { name: string; left: string[] };
      const next = top.left.shift();
      if (next === undefined) {
        stack.pop();
        path.pop();
        done.add(top.name);
        order.push(top.name);
      } else if (path.includes(next)) return { cycle: [...path.slice(path.indexOf(next)), next] };
      else if (!done.has(next)) enter(next);
    }
  }
  return { order };
}
