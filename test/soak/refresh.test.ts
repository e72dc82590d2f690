/** `tasks --refresh`: what became of pull requests, asked of the forge only then, and remembered. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { inLab, work } from "../support/in-lab.ts";

inLab("state and checks of open pull requests are shown, and kept; a merged one is not asked about again", async (box, lab) => {
  for (const label of ["docs", "tests"]) assert.is((await box.copse(["run", "-q", "-l", label, "--pr", ...work])).code, 0);
  assert.is((await box.copse(["run", "-q", "-l", "no-pr", ...work])).code, 0);
  const prOf = async (label: string, ...flags: string[]) =>
    (await box.json(["tasks", ...flags])).tasks.find((task: { label: string }) => task.label === label).result.pr;
  let calls = lab.calls.length;
  assert.equal((await prOf("docs")).checks, null);
  assert.is(lab.calls.length, calls, "without --refresh nobody is asked");
  for (const [conclusions, said] of [
    [[null, "success"], "pending"],
    [["success", "failure"], "failing"],
    [["success", "skipped"], "passing"],
  ] as const) {
    lab.checks.splice(0, lab.checks.length, ...conclusions);
    assert.equal(await prOf("docs", "--refresh"), {
      number: 1,
      url: `http://${lab.host}/me/project/pull/1`,
      draft: true,
      state: "open",
      checks: said,
    });
  }
  assert.match((await box.copse(["tasks"])).stdout, /docs .*PR #1 \(draft\), checks passing/, "it is remembered");
  Object.assign(lab.pulls[0], { state: "closed", merged: true, merged_at: "2026-01-01T00:00:00Z", draft: false });
  Object.assign(lab.pulls[1], { state: "closed" });
  const text = (await box.copse(["tasks", "--refresh"])).stdout;
  assert.match(text, /docs .*PR #1 merged\n/);
  assert.match(text, /tests .*PR #2 closed\n/);
  assert.match((await box.copse(["show", "docs"])).stdout, /pull request #1 merged/);
  calls = lab.calls.length;
  await box.copse(["tasks", "--refresh"]);
  assert.equal(
    lab.calls.slice(calls).filter((call) => call.includes("/pulls/")),
    ["GET /repos/me/project/pulls/2"],
    "a merged one stays merged; a closed one may be opened again",
  );
});

inLab("a forge that does not answer well, or a login that is gone, leaves what was known", async (box, lab) => {
  assert.is((await box.copse(["run", "-q", "-l", "docs", "--pr", ...work])).code, 0);
  lab.fail("GET /repos/me/project/pulls/1", 9, 404, { message: "Not Found", documentation_url: "https://docs.github.com", status: "404" });
  const failed = await box.copse(["tasks", "--refresh"]);
  assert.is(failed.code, 0);
  assert.match(failed.stdout, /docs .*PR #1 \(draft\)\n/);
  assert.match(failed.stderr, /^copse: pull request #1 of docs: .*404.*\n$/);
  const nobody = await box.copse(["tasks", "--refresh"], { env: { GH_ENTERPRISE_TOKEN: "" } });
  assert.match(nobody.stderr, /^copse: there is no login for 127\.0\.0\.1/);
  box.git(["remote", "remove", "origin"]);
  rmSync(join(box.repo, ".git", "refs", "remotes"), { recursive: true, force: true });
  assert.match((await box.copse(["tasks", "--refresh"])).stderr, /^copse: .*\n$/);
  assert.is((await box.copse(["tasks", "--refresh", "--watch"])).code, 2);
});

test.run();
