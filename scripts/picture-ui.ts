/**
 * The second half of `npm run pictures`: the dashboard in the README, docs/ui.png. A real browser, runner, queue and worktrees; only the agents are small scripts that say what an agent would.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { world } from "../test/browser/world.ts";
import { root, waitFor } from "../test/support/sandbox.ts";

const agent = `#!/bin/sh
cat > /dev/null
say() { printf '{"copse":"activity","text":"%s"}\\n' "$1"; }
cost() { printf '{"copse":"cost","usd":%s,"inputTokens":48000,"outputTokens":2100,"turns":9}\\n' "$1"; }
case "$COPSE_LABEL" in
auth-migration) cost 0.84; say "85 files processed"; echo new > login.ts; exec sleep 600;;
security-audit) cost 0.31; say "scanning src/api/"; exec sleep 600;;
dep-update) cost 0.12; printf 'vite 7.2\\nzod 4.6\\n' > deps.txt;;
fix-flaky) cost 0.27; say "running the cart tests, 12th time"; exec sleep 600;;
rename-cart) cost 0.09; echo cart > cart.txt;;
schema-migration) cost 0.42
  [ -n "$COPSE_ANSWER" ] || { say "reading db/schema.sql"; printf 'alter table users add column id_new uuid;\\nupdate users set id_new = gen_random_uuid();\\n' > 007.sql
  printf '{"copse":"question","text":"users has both legacy_id and id. Which column keeps the old id?","options":["legacy_id","id"]}\\n'; exit 5; }
  exec sleep 600;;
*) exec sleep 600;;
esac
`;

const box = await world({
  files: { "README.md": "# Shop\n" },
  repoName: "shop",
  config: { limit: 3, agents: { claude: { command: ["agent"] } } },
});
try {
  const bin = join(box.dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "agent"), agent);
  chmodSync(join(bin, "agent"), 0o755);
  box.env["PATH"] = `${bin}:${box.env["PATH"]}`;
  const until = (label: string, state: string) => waitFor(async () => (await box.task(label)).state === state, `${label} to be ${state}`);
  const run = async (label: string, prompt: string, ...more: string[]) => {
    const ran = await box.copse(["run", "-b", "-l", label, ...more, prompt]);
    if (ran.code !== 0) throw new Error(ran.stderr);
  };
  await run("dep-update", "Bring the dependencies up to date", "--verify", "test -s deps.txt");
  await run("rename-cart", "Call the basket a cart everywhere");
  await until("dep-update", "completed");
  await until("rename-cart", "completed");
  await run("schema-migration", "Move the users to the new ids");
  await until("schema-migration", "blocked");
  await run("auth-migration", "Move the login to the new tokens");
  await run("security-audit", "Scan the entire codebase for missing authentication checks", "--priority", "1");
  await run("fix-flaky", "Find out why the cart test fails now and then");
  for (const label of ["auth-migration", "security-audit", "fix-flaky"]) await until(label, "running");
  await run("docs", "Write the API docs");
  await run("i18n", "Translate the checkout");
  const { id } = await box.task("schema-migration");
  const { page } = await box.open(`#/task/${id}/diff`, {
    viewport: { width: 1180, height: 720 },
    deviceScaleFactor: 1.5,
    reducedMotion: "reduce",
  });
  await page.locator(".lines table").waitFor();
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(root, "docs", "ui.png") });
  process.stdout.write("docs/ui.png\n");
} finally {
  await box.copse(["stop", "auth-migration", "security-audit", "fix-flaky", "docs", "i18n", "schema-migration"]);
  await box.close();
}
