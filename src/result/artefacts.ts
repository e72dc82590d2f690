/** Files a task was told to write (`Output to security-audit.md`): named in its prompt and changed on its branch. Pure. */

/** Changed paths whose full path or file name stands in the prompt as a word of its own, in the order of the prompt. */
export function artefactsOf(prompt: string, changed: readonly string[]): string[] {
  const words = new Set(
    prompt
      .slice(0, 200_000)
      .split(/[\s"'`<>()[\]{},;]+/)
      .map((word) => word.replace(/^\.\//, "").replace(/[.:!?]+$/, ""))
      .filter((word) => /\.[A-Za-z0-9]{1,8}$/.test(word)),
  );
  return [...words]
    .flatMap((word) => changed.filter((path) => path === word || (!word.includes("/") && path.endsWith(`/${word}`))))
    .filter((path, i, all) => all.indexOf(path) === i);
}
