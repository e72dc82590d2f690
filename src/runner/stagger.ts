/** Starts of one agent, one after the other with a pause between: many at once break the renewal of logins. */

/** @returns a wait for one's turn, by the agent's name. */
export function stagger(pauseMs: number): (agent: string) => Promise<void> {
  const starts = new Map<string, Promise<void>>();
  return (agent) => {
    const before = starts.get(agent) ?? Promise.resolve();
    starts.set(
      agent,
      before.then(() => new Promise((resolve) => setTimeout(resolve, pauseMs))),
    );
    return before;
  };
}
