/** The cases that the drivers for GitLab and Gitea both must stand, each with the end it leads to. */
import * as assert from "uvu/assert";
import type { CopseError } from "../../src/core/errors.ts";
import type { Extras, Forge, ForgeRepo } from "../../src/forge/forge.ts";
import { openPullRequest } from "../../src/result/pull-request.ts";
import { newIssue } from "../support/issue-book.ts";
import { someTask } from "../support/task-made.ts";
import { inOther, type OtherForge, type OtherLab } from "./other-lab.ts";

export const ends = (head: ForgeRepo, branch = "copse/docs") => ({ head, branch, base: "main" });
export const page = (head: ForgeRepo, draft: boolean) => ({ ...ends(head), title: "Docs", body: "text", draft });
export const nothing: Extras = { labels: [], reviewers: [], autoMerge: null };

/** A ready one, made with the driver. */
export async function made(lab: OtherLab) {
  const created = await lab.driver().create(page(lab.repo, false));
  if (created.did !== "created") throw new Error(created.did);
  return created.pr;
}

export async function failure(work: Promise<unknown>): Promise<CopseError> {
  try {
    await work;
  } catch (error) {
    return error as CopseError;
  }
  throw new Error("it should have failed");
}

/** What holds of every forge. */
export function commonCases(forge: OtherForge): void {
  const { calls, marks } = forge;
  const [mark = ""] = marks;

  inOther(forge, "a draft is made, found, and not made twice; a ready one is ready", async (lab) => {
    const driver = lab.driver();
    assert.is(await driver.defaultBranch(), "main");
    assert.is(await driver.find(ends(lab.repo)), undefined);
    const draft = await driver.create(page(lab.repo, true));
    assert.is(draft.did, "created");
    assert.equal([lab.pages()[0]?.title, lab.pages()[0]?.body, lab.pages()[0]?.into], [`${mark}Docs`, "text", "main"]);
    assert.equal(await driver.create(page(lab.repo, true)), { did: "exists" });
    const found = await driver.find(ends(lab.repo));
    assert.equal(draft, { did: "created", pr: found, notes: [] });
    assert.equal([found?.number, found?.draft, found?.title, found?.body, found?.state], [1, true, "Docs", "text", "open"]);
    assert.match(found?.url ?? "", /\/project\/.*\/1$/);
    assert.is(await driver.find(ends(lab.repo, "copse/other")), undefined);
    const ready = await driver.create({ ...page(lab.repo, false), branch: "copse/other" });
    assert.is(ready.did === "created" && ready.pr.draft, false);
    assert.is(lab.pages()[1]?.title, "Docs");
    lab.change(1, { state: "closed" });
    assert.is(await driver.find(ends(lab.repo)), undefined, "a closed one is not found");
    assert.is((await driver.create(page(lab.repo, true))).did, "created");
    assert.is(lab.pages().length, 3);
  });

  inOther(forge, "brought up to date, a draft stays a draft however it is marked, and a ready one stays ready", async (lab) => {
    const driver = lab.driver();
    await driver.create(page(lab.repo, true));
    for (const written of [...marks, ""]) {
      lab.change(1, { title: `${written}Docs` });
      const changed = await driver.update(1, { title: "More docs", body: "more" });
      assert.equal([changed.title, changed.body, changed.draft], ["More docs", "more", written !== ""]);
      assert.equal([lab.pages()[0]?.title, lab.pages()[0]?.body], [`${written}More docs`, "more"]);
      assert.equal((await driver.find(ends(lab.repo)))?.draft, written !== "");
    }
  });

  inOther(forge, "a fork's branch of the same name is another pull request", async (lab) => {
    const driver = lab.driver();
    await driver.create(page(lab.repo, false));
    assert.is(await driver.find(ends(lab.fork)), undefined);
    assert.is((await driver.create(page(lab.fork, true))).did, "created");
    assert.equal(await driver.create(page(lab.fork, true)), { did: "exists" });
    assert.equal([(await driver.find(ends(lab.repo)))?.number, (await driver.find(ends(lab.fork)))?.number], [1, 2]);
    assert.equal(
      lab.pages().map(({ from, into }) => [from, into]),
      [lab.repo, lab.fork].map(({ owner }) => [`${owner}/project:copse/docs`, "main"]),
    );
  });

  inOther(forge, "labels and reviewers it knows are set", async (lab) => {
    const extras = { ...nothing, labels: ["agents", "area-3"], reviewers: ["somebody", "else"] };
    assert.equal(await lab.driver().extras(await made(lab), extras), []);
    assert.equal(
      [[...(lab.pages()[0]?.labels ?? [])].sort(), lab.pages()[0]?.reviewers],
      [
        ["agents", "area-3"],
        ["somebody", "else"],
      ],
    );
  });

  inOther(forge, "a reviewer it does not know becomes a note", async (lab) => {
    const notes = await lab.driver().extras(await made(lab), { ...nothing, labels: ["agents"], reviewers: ["somebody", "ghost"] });
    assert.is(notes.length, 1);
    assert.match(notes[0] ?? "", /^reviewers \(somebody, ghost\) could not be set on the (pull|merge) request: .*ghost/);
    assert.equal([lab.pages()[0]?.labels, lab.pages()[0]?.reviewers], [["agents"], []]);
  });

  for (const how of ["merge", "squash"] as const)
    inOther(forge, `auto-merge (${how}) waits for the checks`, async (lab) => {
      assert.equal(await lab.driver().extras(await made(lab), { ...nothing, autoMerge: how }), []);
      assert.equal([lab.pages()[0]?.autoMerge, lab.pages()[0]?.state], [how, "open"]);
    });

  inOther(forge, "auto-merge that is refused becomes a note", async (lab) => {
    const pr = await made(lab);
    const merge = () => lab.driver().extras(pr, { ...nothing, autoMerge: "merge" });
    lab.rules.autoMerge = false;
    const notes = await merge();
    assert.is(notes.length, 1);
    assert.match(notes[0] ?? "", /^auto-merge could not be set on the (pull|merge) request: .*not allowed/i);
    lab.rules.autoMerge = true;
    lab.served.next(calls.merge, { status: 409, body: { message: "head out of date" } });
    assert.match((await merge())[0] ?? "", /head out of date/);
    lab.change(1, { title: `${mark}Docs` });
    assert.is((await merge()).length, 1, "a draft");
    assert.equal([lab.pages()[0]?.autoMerge, lab.pages()[0]?.state], [null, "open"]);
  });

  inOther(forge, "a login that is refused says so, and which one is asked for", async (lab) => {
    const driver = lab.driver("wrong");
    const asked = [driver.defaultBranch(), driver.find(ends(lab.repo)), driver.create(page(lab.repo, true)), driver.look(1)];
    for (const error of await Promise.all([...asked, driver.update(1, { title: "x", body: "x" })].map(failure))) {
      assert.equal([error.code, /\(401\)/.test(error.message)], ["FORGE_FAILED", true], error.message);
      assert.match(error.hint ?? "", /login is refused.* set GIT(LAB|EA)_TOKEN/);
    }
    assert.equal(lab.pages(), []);
  });

  inOther(forge, "a forge out of order is an error with its status, and no page of a proxy is shown", async (lab) => {
    const driver = lab.driver();
    const works: readonly (readonly [string, () => Promise<unknown>])[] = [
      [calls.repo, () => driver.defaultBranch()],
      [calls.list, () => driver.find(ends(lab.repo))],
      [calls.create, () => driver.create(page(lab.repo, true))],
      [calls.show, () => driver.look(1)],
      [calls.show, () => driver.update(1, { title: "x", body: "x" })],
    ];
    for (const [call, work] of works) {
      lab.served.next(call, { status: 500, body: { message: "it broke" } });
      const broken = await failure(work());
      assert.equal([broken.code, /\(500\): it broke$/.test(broken.message)], ["FORGE_FAILED", true], broken.message);
      lab.served.next(call, { status: 503, body: "<!DOCTYPE html><title>Oh no</title>" });
      assert.match((await failure(work())).message, /\(503\): Service Unavailable$/);
    }
    const gone = Array.from({ length: forge.tries }, () => ({ status: 502, body: "<html>Bad gateway</html>" }));
    lab.served.next(calls.list, ...gone);
    const error = await failure(driver.find(ends(lab.repo)));
    assert.equal([error.code, /502/.test(error.message), /</.test(error.message)], ["FORGE_FAILED", true, false], error.message);
    assert.is(await driver.find(ends(lab.repo)), undefined, "well again");
  });

  inOther(forge, "looked at: open, merged, closed, and what there is not", async (lab) => {
    const pr = await made(lab);
    for (const state of ["open", "merged", "closed"] as const) {
      lab.change(1, { state });
      assert.equal(await lab.driver().look(1), { ...pr, state, checks: null });
    }
    assert.match((await failure(lab.driver().look(9))).message, /\(404\)/);
  });

  inOther(forge, "a comment is written once, then brought up to date; a person's that quotes it is left alone", async (lab) => {
    await made(lab);
    await lab.driver().create(page(lab.fork, false));
    const ours = (body: string) => body.startsWith("# Report") && body.endsWith("mark");
    lab.comments.push({ id: 1, on: 1, body: "> # Report\n> mark\n\nThank you" }, { id: 2, on: 2, body: "# Report of another\nmark" });
    for (let n = 3; n < 140; n++) lab.comments.push({ id: n, on: 1, body: `said ${n}` });
    const before = lab.comments.map(({ body }) => body);
    await lab.driver().comment(1, "# Report\nfirst\nmark", ours);
    for (let n = 0; n < 3; n++) await lab.driver().comment(1, `# Report\n${n}\nmark`, ours);
    assert.equal(
      lab.comments.map(({ body }) => body),
      [...before, "# Report\n2\nmark"],
    );
    assert.match((await failure(lab.driver().comment(9, "text", ours))).message, /\(404\)/);
  });

  inOther(forge, "an issue is opened, found among the open ones, brought up to date, and labelled", async (lab) => {
    const { tracker } = lab.driver();
    await made(lab);
    assert.equal(await tracker.open(), [], "a pull request is no issue");
    const first = await tracker.create({ title: "It breaks", body: "text" });
    assert.match(first.url, /\/project\/.*issues\/101$/);
    assert.equal([first.number, first.title, first.body], [101, "It breaks", "text"]);
    for (let n = 0; n < 230; n++) newIssue(lab.issues, `${n}`, "");
    const open = await tracker.open();
    assert.equal([open.length, open[0]?.number, open.at(-1)], [231, 331, first], "all pages, the newest first");
    await tracker.rewrite(101, "other");
    await tracker.label(101, ["agents"]);
    await tracker.label(101, ["area-3"]);
    const seen = lab.issues[0];
    assert.equal(
      [seen?.title, seen?.body, seen?.state, [...(seen?.labels ?? [])].sort()],
      ["It breaks", "other", "open", ["agents", "area-3"]],
    );
    for (const issue of lab.issues) issue.state = "closed";
    assert.equal(await tracker.open(), []);
    lab.served.next(calls.newIssue, { status: 403, body: { message: "issues are disabled" } });
    const refused = await failure(tracker.create({ title: "x", body: "y" }));
    assert.equal([refused.code, /\(403\): issues are disabled/.test(refused.message)], ["FORGE_FAILED", true], refused.message);
    assert.match((await failure(tracker.rewrite(9999, "x"))).message, /\(404\)/);
  });

  inOther(forge, "ten callers at once end on one pull request", async (lab) => {
    lab.served.gather(calls.list, 10);
    const wanted = {
      task: someTask({ branch: "copse/docs" }),
      difference: { commits: 1, files: 1, insertions: 1, deletions: 0, paths: [] },
      head: lab.repo,
      base: "main",
      policy: { draft: true, labels: ["agents"], reviewers: [], autoMerge: null, showCost: false },
      secrets: [],
    };
    const drivers: Forge[] = Array.from({ length: 10 }, () => lab.driver());
    const opened = await Promise.all(drivers.map((driver) => openPullRequest({ ...wanted, forge: driver })));
    assert.equal(
      opened.map(({ pr, notes }) => [pr?.number, notes]),
      drivers.map(() => [1, []]),
    );
    const count = (operation: string) => lab.served.calls.filter((call) => call.operation === operation).length;
    assert.equal([count(calls.create), count(calls.list)], [10, 19], "all of them tried to make it, and nine looked again");
    assert.equal(
      lab.pages().map(({ from, labels }) => [from, labels]),
      [[`${lab.repo.owner}/project:copse/docs`, ["agents"]]],
    );
  });
}
