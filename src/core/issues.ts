/** Issues of a forge as work to be done: which are meant, and their text as a prompt may hold it. What strangers wrote is data here, never an instruction to Copse. Pure. */
import { quote } from "./markdown.ts";
import { safe, safeLine } from "./safe.ts";
import { similar } from "./similar.ts";

export interface IssueQuery {
  /** These and no others; empty where the rest says which. */
  readonly numbers: readonly number[];
  /** All of them. */
  readonly labels: readonly string[];
  readonly assignee: string | null;
  readonly milestone: string | null;
  readonly state: "open" | "closed" | "all";
}

export interface Issue {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly url: string;
  readonly labels: readonly string[];
  readonly assignees: readonly string[];
  readonly milestone: string | null;
  readonly state: "open" | "closed";
}

export type Refused = { readonly text: string; readonly hint: string };

const terms = ["label", "assignee", "milestone", "state"];
const states = ["open", "closed", "all"] as const;
const example = "For instance label:bug, or numbers: 12,15.";

/** `label:bug label:"good first issue" assignee:ann milestone:v2 state:all`, or numbers: `12,15`. */
export function parseIssueQuery(text: string): IssueQuery | Refused {
  const query = { numbers: [] as number[], labels: [] as string[], assignee: null as string | null, milestone: null as string | null };
  let state: IssueQuery["state"] = "open";
  const parts = text.match(/[^\s",]*"[^"]*"?|[^\s",]+/g) ?? [];
  if (parts.length === 0) return { text: "which issues?", hint: example };
  for (const part of parts) {
    if (/^#?\d{1,9}$/.test(part)) {
      query.numbers.push(Number(part.replace("#", "")));
      continue;
    }
    const cut = part.indexOf(":");
    const [term, value] = [part.slice(0, Math.max(cut, 0)), part.slice(cut + 1).replace(/^"(.*?)"?$/, "$1")];
    if (cut < 0) return { text: `\`${part}\` says nothing about which issues`, hint: example };
    if (!terms.includes(term)) {
      const instead = similar(term, terms);
      return {
        text: `there is no \`${term}:\` here`,
        hint: instead === undefined ? `There is ${terms.map((one) => `${one}:`).join(", ")}.` : `Did you mean ${instead}:?`,
      };
    }
    if (value.trim() === "")
      return { text: `\`${term}:\` of what?`, hint: `For instance ${term === "state" ? "state:all" : `${term}:bug`}.` };
    if (term === "label") query.labels.push(value);
    else if (term === "state") {
      const known = states.find((one) => one === value);
      if (known === undefined)
        return { text: `\`state:\` is one of ${states.join(", ")}, got "${value}"`, hint: didYouMean(similar(value, [...states])) };
      state = known;
    } else if (query[term as "assignee" | "milestone"] !== null) return { text: `\`${term}:\` stands there twice`, hint: "Leave one out." };
    else query[term as "assignee" | "milestone"] = value.replace(/^@/, term === "assignee" ? "" : "@");
  }
  if (query.numbers.length > 0 && query.numbers.length < parts.length)
    return { text: "numbers name their issues, and the rest looks for others", hint: "Give either of them." };
  return { ...query, numbers: [...new Set(query.numbers)], state: query.numbers.length > 0 ? "all" : state };
}

const didYouMean = (instead: string | undefined): string => (instead === undefined ? example : `Did you mean state:${instead}?`);

/** Is the issue one of those? A forge may know less of a query than we do, or more. */
export function isMeant(issue: Issue, { numbers, labels, assignee, milestone, state }: IssueQuery): boolean {
  if (numbers.length > 0) return numbers.includes(issue.number);
  const has = (all: readonly string[], one: string) => all.some((other) => other.toLowerCase() === one.toLowerCase());
  return (
    labels.every((label) => has(issue.labels, label)) &&
    (assignee === null || has(issue.assignees, assignee)) &&
    (milestone === null || has(issue.milestone === null ? [] : [issue.milestone], milestone)) &&
    (state === "all" || issue.state === state)
  );
}

const mostBody = 60_000;

/** What a prompt may name of an issue. The body stands in a block that it cannot close. */
export type IssueText = Readonly<Record<"number" | "title" | "body" | "url" | "labels", string>>;
export const issueNames = ["number", "title", "body", "url", "labels"] as const;

export function issueText({ number, title, body, url, labels }: Issue): IssueText {
  const cut = body.length > mostBody ? `${body.slice(0, mostBody)}\n… (cut)` : body;
  return {
    number: String(number),
    title: defused(safeLine(title, 300)),
    body: quote(defused(safe(cut.replaceAll("\r\n", "\n"))) || "(no text)"),
    url: safeLine(url, 500),
    labels: defused(safeLine(labels.join(", "), 500)),
  };
}

/** Agents read a file for `@path` in a prompt; a stranger is not to choose which. Mentions of people stay as they are. */
const defused = (text: string): string => text.replace(/(^|[\s"'`(<[])@(?=[^\s]*[/~.\\])/g, "$1@\u200b");
