/** A test in a sandbox whose repository has a GitHub of our own as its origin. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { forgeLab, type Lab } from "./forge-lab.ts";
import { settings } from "./run-script.ts";
import { type Sandbox, sandbox } from "./sandbox.ts";

export const work = ["--exec", "--", "sh", "-c", "echo work on $COPSE_LABEL > $COPSE_LABEL.txt"];

export const posts = (lab: Lab): number => lab.calls.filter((call) => call === "POST /repos/me/project/pulls").length;

/** Makes a repository of the lab the origin of the sandbox's, and settings that say so. */
export async function joinLab(box: Sandbox, more: object = {}): Promise<Lab> {
  const lab = await forgeLab(box.dir);
  Object.assign(box.env, { GIT_ALLOW_PROTOCOL: "file:http", GH_ENTERPRISE_TOKEN: "secret-token", COPSE_FORGE_PAUSE: "off" });
  settings(box, { forges: { [lab.host]: { kind: "github", apiUrl: `http://${lab.host}/api/v3` } }, ...more });
  const address = lab.repository("me", "project");
  // By its folder first: git over HTTP from here would wait for a server in this very process.
  box.git(["remote", "add", "origin", lab.gitDir("me", "project")]);
  box.git(["push", "-q", "origin", "main"]);
  box.git(["fetch", "-q", "origin"]);
  box.git(["remote", "set-head", "origin", "main"]);
  box.git(["remote", "set-url", "origin", address]);
  return lab;
}

/** A clone whose origin is a repository of the lab. */
export function inLab(name: string, run: (box: Sandbox, lab: Lab) => Promise<void>, more: object = {}): void {
  test(name, async () => {
    const box = await sandbox();
    const lab = await joinLab(box, more);
    try {
      await run(box, lab);
      assert.equal(lab.violations, [], "GitHub's description is kept");
    } finally {
      await lab.close();
      await box.close();
    }
  });
}
