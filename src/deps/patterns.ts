/** Names of packages by patterns in which `*` stands for anything. Pure. */

const asPattern = (glob: string): RegExp => new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);

export const isNamed = (patterns: readonly string[], name: string): boolean => patterns.some((pattern) => asPattern(pattern).test(name));
