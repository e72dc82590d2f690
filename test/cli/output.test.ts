/** Where output goes and how it looks: ids only, no colour in a pipe, colour where it is asked for, silence when the reader has gone. */
import { spawnSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { builtCli } from "../support/sandbox.ts";
import { asks, inBox, writes } from "./support.ts";

const esc = "\u001b";

inBox("-q prints ids only", async (box) => {
  const made = await box.copse(["run", "-b", "-q", "-l", "one", ...writes]);
  assert.match(made.stdout, /^[a-z0-9]{6,}\n$/);
  await box.copse(["wait", "one"]);
  assert.is((await box.copse(["tasks", "-q"])).stdout, made.stdout);
  assert.is((await box.copse(["tasks", "--quiet", "--all"])).stdout, made.stdout);
  const front = await box.copse(["run", "-q", "-l", "two", ...writes]);
  assert.match(front.stdout, /^[a-z0-9]{6,}\n$/);
  assert.is((await box.copse(["retry", "one", "-q"])).stdout, made.stdout);
  await box.copse(["wait", "one"]);
});

inBox("the background says label, id and the next commands", async (box) => {
  const ran = await box.copse(["run", "-b", "-l", "said", ...writes]);
  const { id } = await box.task("said");
  assert.match(ran.stdout, new RegExp(`^said \\(${id}\\) queued`));
  for (const next of ["copse show said", "copse logs -f said", "copse stop said"]) assert.ok(ran.stdout.includes(next), next);
});

inBox("colour: none in a pipe, by FORCE_COLOR yes, by NO_COLOR never", async (box) => {
  await box.copse(["run", "-l", "one", ...writes]);
  await box.copse(["run", "-l", "asks", ...asks]);
  for (const words of [["tasks"], ["show", "one"], ["doctor"], ["run", "-b", ...writes]]) {
    assert.not.ok((await box.copse(words)).stdout.includes(esc), `${words.join(" ")} in a pipe`);
    const forced = await box.copse(words, { env: { FORCE_COLOR: "1" } });
    assert.ok(forced.stdout.includes(esc), `${words.join(" ")} with FORCE_COLOR`);
    assert.not.ok(
      (await box.copse(words, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } })).stdout.includes(esc),
      `${words.join(" ")} with NO_COLOR`,
    );
  }
  const plain = (await box.copse(["tasks", "--state", "blocked"])).stdout.replace(/\(.*?\) */, "");
  const coloured = (await box.copse(["tasks", "--state", "blocked"], { env: { FORCE_COLOR: "1" } })).stdout
    .replace(/\u001b\[\d+m/g, "")
    .replace(/\(.*?\) */, "");
  assert.is(coloured, plain, "colour only adds");
  const ascii = (await box.copse(["tasks", "--state", "completed"], { env: { LANG: "C", LC_ALL: "C" } })).stdout;
  assert.match(ascii, /^\+ /, "marks of a place without UTF-8");
});

inBox("a reader that has seen enough is no error", async (box) => {
  await box.copse([
    "run",
    "-l",
    "much",
    "--exec",
    "--",
    "sh",
    "-c",
    "i=0; while [ $i -lt 20000 ]; do echo a line of the log; i=$((i+1)); done",
  ]);
  for (const words of ["logs much", "logs much --raw", "show much --json", "--help"]) {
    const ran = spawnSync("bash", ["-c", `"$0" "$1" ${words} | head -n 1; exit "\${PIPESTATUS[0]}"`, process.execPath, builtCli], {
      cwd: box.repo,
      env: box.env,
      encoding: "utf8",
    });
    assert.is(ran.stderr, "", words);
    assert.is(ran.status, 0, words);
    assert.is(ran.stdout.split("\n").length, 2, words);
  }
});

inBox("nothing an agent says can steer the terminal", async (box) => {
  const evil = "\\033]0;owned\\007\\033[2Jred\\302\\233 31m\\342\\200\\256";
  const script = `printf '${evil}\\n'; printf '${evil}\\n' >&2; printf '{"copse":"activity","text":"\\\\u001b[2Jact"}\\n{"copse":"summary","text":"\\\\u001b]52;c;x\\\\u0007sum"}\\n'; printf '{"copse":"question","text":"\\\\u001b[31mwhich?"}\\n'; exit 5`;
  const front = await box.copse(["run", "-l", "evil", "--exec", "--", "sh", "-c", script]);
  const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/;
  for (const words of [
    ["tasks"],
    ["show", "evil"],
    ["logs", "evil"],
    ["show", "evil", "--json"],
    ["tasks", "--json"],
    ["logs", "evil", "--json"],
    ["stop", "evil"],
  ])
    assert.not.match(
      (await box.copse(words)).stdout,
      words.includes("logs") && words.includes("--json") ? /\u001b/ : controls,
      words.join(" "),
    );
  assert.not.match(front.stdout + front.stderr, controls);
});

test.run();
