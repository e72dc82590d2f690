/** Sixty made-up secrets in every place an agent can write to, and eight sinks: report, title and text of a pull request, commit message, notification, logs in JSON, webhook, terminal. */

import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { noticeOf } from "../../src/notify/text.ts";
import { inLab } from "../support/in-lab.ts";
import { settings } from "../support/run-script.ts";
import { someTask } from "../support/task-made.ts";

const letters = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA";
const tail = (n: number, length: number) => Array.from({ length }, (_, i) => letters[(i * 7 + n * 3) % letters.length]).join("");
const shapes: readonly ((n: number) => string)[] = [
  (n) => `ghp_${tail(n, 36)}`,
  (n) => `gho_${tail(n, 36)}`,
  (n) => `ghs_${tail(n, 36)}`,
  (n) => `github_pat_${tail(n, 22)}_${tail(n, 59)}`,
  (n) => `glpat-${tail(n, 20)}`,
  (n) => `sk-ant-api03-${tail(n, 60)}`,
  (n) => `sk-proj-${tail(n, 40)}`,
  (n) => `xoxb-${1000000000 + n}-${tail(n, 24)}`,
  (n) => `AKIA${tail(n, 16).toUpperCase()}`,
  (n) => `AIza${tail(n, 35)}`,
  (n) => `npm_${tail(n, 36)}`,
  (n) => `eyJhbGciOiJIUzI1NiJ9.${tail(n, 40)}.${tail(n, 43)}`,
];
/** What must not be seen anywhere, and how an agent writes it. */
const secrets: { value: string; text: string }[] = [];
for (let n = 0; n < 4; n++) for (const shape of shapes) secrets.push({ value: shape(n), text: shape(n) });
for (let n = 0; n < 4; n++) {
  secrets.push({ value: `bearer${tail(n, 30)}`, text: `Authorization: Bearer bearer${tail(n, 30)}` });
  secrets.push({ value: `pass${tail(n, 12)}`, text: `postgres://admin:pass${tail(n, 12)}@db.example/x` });
  secrets.push({ value: `MIIE${tail(n, 60)}`, text: `-----BEGIN RSA PRIVATE KEY-----\nMIIE${tail(n, 60)}\n-----END RSA PRIVATE KEY-----` });
}

function leaksIn(sink: string, text: string): string[] {
  return secrets.filter(({ value }) => text.includes(value)).map(({ value }) => `${sink}: ${value.slice(0, 12)}…`);
}

test("there are sixty of them", () => assert.is(new Set(secrets.map(({ value }) => value)).size, 60));

inLab("none of them leaves the task's own folder, and commit ids stay as they are", async (box, lab) => {
  const heard: string[] = [];
  const hook = createServer((request, response) => {
    request.on("data", (chunk) => heard.push(String(chunk)));
    request.on("end", () => response.end("{}"));
  });
  await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
  try {
    settings(box, {
      forges: { [lab.host]: { kind: "github", apiUrl: `http://${lab.host}/api/v3` } },
      notify: { when: "always", desktop: false, webhook: { url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/` } },
    });
    const all = secrets.map(({ text }) => text).join("\n");
    const sha = box.git(["rev-parse", "HEAD"]).trim();
    const lines = [
      { copse: "activity", text: all },
      { copse: "summary", text: `Base ${sha}\n${all}` },
    ];
    writeFileSync(join(box.dir, "said"), `${lines.map((line) => JSON.stringify(line)).join("\n")}\n${all}\n`);
    const script = "cat ../../../../said; cat ../../../../said >&2; echo x > x.txt";
    const asks = `cat ../../../../said; cat ../../../../question; exit 5`;
    writeFileSync(join(box.dir, "question"), `${JSON.stringify({ copse: "question", text: all })}\n`);
    const title = secrets
      .slice(0, 2)
      .map(({ text }) => text)
      .join(" ");
    settings(box, {
      ...JSON.parse(readFileSync(join(box.dir, "home", ".config", "copse", "config.json"), "utf8")),
      agents: { leaky: { command: ["sh", "-c", script] } },
    });
    assert.is((await box.copse(["run", "-l", "leaky", "--pr", "--agent", "leaky", title])).code, 0);
    await box.copse(["run", "-l", "asks", "--exec", "--", "sh", "-c", asks]);
    await box.copse(["run", "-l", "fails", "--exec", "--", "sh", "-c", "cat ../../../../said >&2; exit 3"]);
    const task = await box.task("leaky");
    const report = readFileSync(task.result.report, "utf8");
    const pull = lab.pulls[0];
    const terminal: string[] = [];
    for (const label of ["leaky", "asks", "fails"])
      for (const words of [
        ["show", label],
        ["logs", label],
        ["report", label],
      ])
        terminal.push((await box.copse(words)).stdout);
    terminal.push(
      (await box.copse(["tasks"])).stdout,
      (await box.copse(["inbox", "--json"])).stdout,
      (await box.copse(["tasks", "--json"])).stdout,
    );
    const json: string[] = [];
    for (const label of ["leaky", "asks", "fails"])
      for (const verb of ["logs", "show"]) json.push((await box.copse([verb, label, "--json"])).stdout);
    const notice = noticeOf(someTask({ state: "blocked", needs: { kind: "question", text: all, since: "", source: "stream" } }));
    const leaks = [
      ...leaksIn("report", report),
      ...leaksIn("PR title", pull.title),
      ...leaksIn("PR text", pull.body),
      ...leaksIn("commit message", box.git(["log", "--format=%B", "copse/leaky"])),
      ...leaksIn("notification", JSON.stringify(notice)),
      ...leaksIn("JSON", json.join("\n")),
      ...leaksIn("webhook", heard.join("\n")),
      ...leaksIn("terminal", terminal.join("\n")),
    ];
    assert.equal(leaks, []);
    assert.ok(heard.length > 0 && pull.body.includes(sha) && report.includes(sha), "a commit id is no secret");
  } finally {
    hook.closeAllConnections();
    await new Promise((resolve) => hook.close(resolve));
  }
});

test.run();
