/** Known holes in what is installed, as the package manager's own audit tells them. Pure, but for the run of it. */
import type { Advisory, Audit, Command, Run } from "./ecosystem.ts";

/** `read`: from all it said to what it has found; undefined where it is no answer. */
export async function auditOf(
  command: Command,
  run: Run,
  read: (text: string, exitCode: number) => Advisory[] | undefined,
): Promise<Audit> {
  const { stdout, stderr, exitCode } = await run(command);
  try {
    const found = exitCode === null ? undefined : read(stdout, exitCode);
    if (found !== undefined) return { found: [...new Map(found.map((one) => [`${one.name} ${one.id}`, one])).values()] };
  } catch {
    // What it said is no JSON.
  }
  const said = `${stderr}\n${stdout}`.split("\n").find((line) => line.length < 400 && /err|fail/i.test(line));
  return { why: `\`${command.join(" ")}\` gave no answer${said === undefined ? "" : `: ${said.trim().slice(0, 200)}`}` };
}

/** Those that one has and the other has not. */
export const without = (some: readonly Advisory[], others: readonly Advisory[]): Advisory[] =>
  some.filter((one) => !others.some((other) => other.id === one.id && other.name === one.name));

interface Via {
  readonly source?: number;
  readonly name?: string;
  readonly title?: string;
  readonly url?: string;
  readonly severity?: string;
  readonly range?: string;
}

/** npm's: by package, and in each by what it is hit. */
export function npmFound(text: string): Advisory[] | undefined {
  const { vulnerabilities } = JSON.parse(text) as { vulnerabilities?: Record<string, { via?: (Via | string)[] }> };
  if (typeof vulnerabilities !== "object" || vulnerabilities === null) return undefined;
  return Object.values(vulnerabilities)
    .flatMap(({ via = [] }) => via)
    .flatMap((one) =>
      typeof one === "string"
        ? []
        : [advisory({ id: one.source, name: one.name, title: one.title, url: one.url, severity: one.severity, range: one.range })],
    );
}

/** As the registry itself tells them, and pnpm after it. */
interface Told {
  readonly id?: number;
  readonly github_advisory_id?: string;
  readonly module_name?: string;
  readonly title?: string;
  readonly url?: string;
  readonly severity?: string;
  readonly vulnerable_versions?: string;
}

const fromRegistry = (one: Told): Advisory =>
  advisory({
    id: one.github_advisory_id ?? one.id,
    name: one.module_name,
    title: one.title,
    url: one.url,
    severity: one.severity,
    range: one.vulnerable_versions,
  });

export function registryFound(text: string): Advisory[] | undefined {
  const { advisories } = JSON.parse(text) as { advisories?: Record<string, Told> };
  return typeof advisories === "object" && advisories !== null ? Object.values(advisories).map(fromRegistry) : undefined;
}

/** yarn's: a line for each way that leads to a hole, and a summary at the end. */
export function yarnFound(text: string): Advisory[] | undefined {
  const lines = text
    .split("\n")
    .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as { type?: string; data?: { advisory?: Told } }] : []));
  if (!lines.some(({ type }) => type === "auditSummary")) return undefined;
  return lines.flatMap(({ type, data }) => (type === "auditAdvisory" && data?.advisory ? [fromRegistry(data.advisory)] : []));
}

function advisory(said: { readonly [K in keyof Advisory]: unknown }): Advisory {
  const text = (value: unknown) => (value === undefined || value === null ? "" : String(value).slice(0, 300));
  return {
    id: text(said.id),
    name: text(said.name),
    severity: text(said.severity),
    title: text(said.title),
    url: text(said.url),
    range: text(said.range),
  };
}
