/** Issues on Gitea and Forgejo, whose labels go by their numbers. See https://codeberg.org/api/swagger */
import type { Issue, Tracker } from "./tracker.ts";

interface Data {
  readonly number: number;
  readonly html_url: string;
  readonly title: string;
  readonly body: string;
}

interface Calls {
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  pages<T>(list: string): AsyncGenerator<T[]>;
}

/** @throws Error naming those that the repository does not have; @returns their numbers */
export async function labelIds({ pages }: Pick<Calls, "pages">, labels: readonly string[]): Promise<number[]> {
  const known: { id: number; name: string }[] = [];
  for await (const page of pages<{ id: number; name: string }>("/labels?")) known.push(...page);
  const missing = labels.filter((label) => !known.some(({ name }) => name === label));
  if (missing.length > 0) throw new Error(`the repository has no label ${missing.join(", ")}`);
  return known.filter(({ name }) => labels.includes(name)).map(({ id }) => id);
}

export const giteaTracker = ({ ask, pages }: Calls): Tracker => ({
  async open() {
    const all: Issue[] = [];
    for await (const found of pages<Data>("/issues?state=open&type=issues&")) all.push(...found.map(issueOf));
    return all;
  },
  create: async (issue) => issueOf(await ask<Data>("POST", "/issues", issue)),
  async rewrite(number, body) {
    await ask("PATCH", `/issues/${number}`, { body });
  },
  async label(number, labels) {
    await ask("POST", `/issues/${number}/labels`, { labels: await labelIds({ pages }, labels) });
  },
});

const issueOf = ({ number, html_url, title, body }: Data): Issue => ({ number, url: html_url, title, body });
