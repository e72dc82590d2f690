/** Where the focus goes when what had it is drawn elsewhere, or is gone: never to nowhere, from where a person without a mouse would have to begin anew. */

/** @returns what ends it */
export function keepFocus(): () => void {
  let last: HTMLElement | null = null;
  const remember = ({ target }: FocusEvent) => {
    last = target instanceof HTMLElement ? target : null;
  };
  const watch = new MutationObserver((changes) => {
    const had = last;
    if (had === null || (document.activeElement !== document.body && document.activeElement !== null)) return;
    if (!changes.some(({ removedNodes }) => [...removedNodes].some((node) => node.contains(had)))) return;
    // A row that has only moved in its list keeps it.
    (had.isConnected ? had : document.getElementById("main"))?.focus({ preventScroll: true });
  });
  addEventListener("focusin", remember);
  watch.observe(document.body, { childList: true, subtree: true });
  return () => {
    removeEventListener("focusin", remember);
    watch.disconnect();
  };
}
