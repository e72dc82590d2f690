/** What the cases ask of a forge on loopback that is not GitHub, and the test around it: it fails where a call or an answer departs from the forge's description. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Forge, ForgeRepo } from "../../src/forge/forge.ts";
import { type Answer, type Described, type Exception, unneeded } from "../support/contract.ts";
import type { LabIssue } from "../support/issue-book.ts";

/** A pull request as a person sees it on its page. */
export interface Page {
  readonly title: string;
  readonly body: string | null;
  readonly state: "open" | "merged" | "closed";
  /** `them/project:copse/docs` */
  readonly from: string;
  readonly into: string;
  readonly labels: readonly string[];
  readonly reviewers: readonly string[];
  /** How it is to be merged once its checks are well. */
  readonly autoMerge: string | null;
}

export interface OtherLab {
  readonly served: Described;
  readonly repo: ForgeRepo;
  readonly fork: ForgeRepo;
  driver(token?: string): Forge;
  /** In the order they were made, from 1. */
  pages(): Page[];
  /** What a person does to one on its page. */
  change(number: number, change: Partial<Page>): void;
  readonly rules: { autoMerge: boolean };
  readonly issues: LabIssue[];
  /** Below the pull requests, of all of them. */
  readonly comments: { id: number; on: number; body: string }[];
}

export interface OtherForge<Lab extends OtherLab = OtherLab> {
  readonly open: () => Promise<Lab>;
  readonly exceptions: readonly Exception[];
  /** The operations, as the description names them. */
  readonly calls: Readonly<Record<"repo" | "list" | "create" | "show" | "update" | "merge" | "issues" | "newIssue", string>>;
  /** What the driver puts before the title of a draft, and what a person may have put there. */
  readonly marks: readonly string[];
  /** How often its client asks a proxy that says 502. */
  readonly tries: number;
}

export function inOther<Lab extends OtherLab>(forge: OtherForge<Lab>, name: string, run: (lab: Lab) => Promise<void>): void {
  test(name, async () => {
    const lab = await forge.open();
    try {
      await run(lab);
      assert.equal(lab.served.violations, [], "the description is kept");
    } finally {
      await lab.served.close();
    }
  });
}

/** What is found out when calls are made that are not as described, below `path`, and answers are given. */
export async function foundOut(
  forge: OtherForge,
  path: string,
  login: Record<string, string>,
  calls: readonly (readonly [method: string, path: string, body?: object | undefined, headers?: Record<string, string>])[],
  answers: readonly Answer[],
): Promise<readonly string[]> {
  const lab = await forge.open();
  try {
    lab.served.next(forge.calls.show, ...answers);
    for (const [method, more, body, headers = { "content-type": "application/json", ...login }] of calls)
      await fetch(`${lab.repo.apiUrl}${path}${more}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return lab.served.violations;
  } finally {
    await lab.served.close();
  }
}

/** The last test of a file: its forge differs from its description in nothing but what the cases before have met. */
export const noIdleException = ({ exceptions }: OtherForge): void =>
  test("every exception from the description was needed", () => assert.equal(unneeded(exceptions), []));
