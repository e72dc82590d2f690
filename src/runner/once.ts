/** @returns `say` that says a line once: the same trouble at every tick is one line of the runner's log. It remembers a hundred. */
export function once(say: (line: string) => void): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line)) return;
    if (said.size > 100) said.clear();
    said.add(line);
    say(line);
  };
}
