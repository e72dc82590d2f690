/** Settings and what they may do: config show, get, trust; init; doctor. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runnerPid } from "../support/sandbox.ts";
import { inBox, personConfig, projectConfig, writes } from "./support.ts";

inBox("config says what is set and from where: environment over project over person over default", async (box) => {
  personConfig(box, { limit: 5, deliver: "branch", retries: 1 });
  projectConfig(box, { deliver: "report", retries: 2 });
  const { config, origin, files } = await box.json(["config"]);
  assert.equal([config.limit, origin.limit], [5, "person"]);
  assert.equal([config.deliver, origin.deliver], ["report", "project"]);
  assert.equal([config.branch, origin.branch], ["copse/{label}", "default"]);
  assert.is(files.project, join(box.repo, ".worktrees", "config.json"));
  const ran = await box.copse(["config", "get", "retries"], { env: { COPSE_RETRIES: "4" } });
  assert.is(ran.stdout, "4\n");
  assert.is((await box.copse(["config", "get", "branch"])).stdout, "copse/{label}\n");
  const text = (await box.copse(["config", "show"])).stdout;
  assert.match(text, /^limit +5 +person$/m);
  assert.match(text, /^Yours: .*\.config\/copse\/config\.json$/m);
  const wrong = await box.copse(["config", "get", "limt"]);
  assert.is(wrong.code, 2);
  assert.match(wrong.stderr, /no setting is named limt\n {2}Did you mean limit\?/);
});

inBox("gates are shown one by one, with whose they are; doctor says what they hold against; a wrong name is said", async (box) => {
  assert.match((await box.copse(["config"])).stdout, /^gates +\{\} +default$/m);
  personConfig(box, { gates: { "lead-stall": true, "report-back": true } });
  projectConfig(box, { gates: { "report-back": false, "limit-background": { session: 4, mashine: 9 }, "stop-wen-done": true } });
  const shown = await box.copse(["config"]);
  assert.match(shown.stdout, /^gates\.lead-stall +true +person$/m);
  assert.match(shown.stdout, /^gates\.report-back +false +project$/m);
  assert.match(shown.stderr, /unknown setting `gates\.stop-wen-done` is ignored; did you mean `stop-when-done`\?/);
  assert.match(shown.stderr, /unknown setting `gates\.limit-background\.mashine` is ignored; did you mean `machine`\?/);
  assert.not.match(shown.stdout, /wen-done|mashine/);
  projectConfig(box, { gates: { "report-back": false } });
  assert.match((await box.copse(["doctor"])).stdout, /^ok {4}hooks +not installed .*; gates for tasks alone: lead-stall$/m);
  await box.copse(["hooks", "install", "--user"]);
  assert.match((await box.copse(["doctor"])).stdout, /^ok {4}hooks +installed in .*; gates: lead-stall$/m);
});

inBox("a repository's commands run only once they are approved, and 77 without a terminal to ask on", async (box) => {
  projectConfig(box, { verify: ["test -f made.txt"] });
  const refused = await box.copse(["run", "-b", ...writes]);
  assert.is(refused.code, 77);
  assert.match(refused.stderr, /sets what runs commands \(verify\).*\n {2}.*copse config trust/);
  assert.is(runnerPid(box.state), undefined);
  assert.is((await box.copse(["config", "trust"])).code, 77);
  assert.match((await box.copse(["config"])).stdout, /NOT trusted: copse config trust/);
  assert.match((await box.copse(["doctor"])).stdout, /warn {2}trust .*\n.*copse config trust/);
  const trusted = await box.copse(["config", "trust", "--yes"]);
  assert.is(trusted.code, 0);
  assert.match(trusted.stderr, /test -f made\.txt/, "what is approved is shown");
  assert.is((await box.copse(["run", "-l", "ok", ...writes])).code, 0);
  assert.is((await box.task("ok")).verify.status, "verified");
  projectConfig(box, { verify: ["test -f other.txt"] });
  assert.is((await box.copse(["run", "-b", ...writes])).code, 77, "approval is by content");
  projectConfig(box, { deliver: "report" });
  assert.match((await box.copse(["config", "trust"])).stdout, /nothing to trust/);
  assert.is((await box.copse(["run", ...writes])).code, 0, "what runs nothing needs no approval");
});

inBox("init makes what is missing and never overwrites", async (box) => {
  mkdirSync(join(box.repo, ".worktrees"));
  const file = join(box.repo, ".worktrees", "config.json");
  writeFileSync(file, '{ "deliver": "branch" }\n');
  const first = await box.copse(["init"]);
  assert.is(first.code, 0);
  assert.match(first.stdout, /made \.worktrees\/\.gitignore\nkept \.worktrees\/config\.json, which was there/);
  assert.is(readFileSync(file, "utf8"), '{ "deliver": "branch" }\n');
  assert.equal((await box.json(["init"])).made, []);
  assert.is(box.git(["status", "--porcelain"]).trim(), "?? .worktrees/", "nothing else is touched");
  assert.is((await box.copse(["init"], { cwd: join(box.repo, ".worktrees") })).code, 0, "from a folder below");
});

inBox("what init makes is read without a warning", async (box) => {
  await box.copse(["init"]);
  const ran = await box.copse(["config", "--json"]);
  assert.is(ran.stderr, "");
  assert.is(JSON.parse(ran.stdout).origin.deliver, "project");
});

inBox("doctor looks at everything, changes nothing, and says what helps", async (box) => {
  const outside = await box.copse(["doctor"], { cwd: box.dir });
  assert.match(outside.stdout, /repository/);
  const { checks } = await box.json(["doctor"]);
  const names = checks.map(({ name }: { name: string }) => name);
  for (const name of ["node", "git", "configuration", "state", "disk", "limit"]) assert.ok(names.includes(name), name);
  assert.is(checks.find(({ name }: { name: string }) => name === "git").status, "ok");
  mkdirSync(join(box.repo, ".worktrees"));
  writeFileSync(join(box.repo, ".worktrees", "config.json"), "{,}");
  const broken = await box.copse(["doctor"]);
  assert.is(broken.code, 1);
  assert.match(broken.stdout, /^fail {2}configuration .*is not JSON/m);
});

test.run();
