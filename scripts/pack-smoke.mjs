/** Packs the package, installs the tarball somewhere else without its development tools, and does a task with it from beginning to end. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesWith } from "./lib/processes.mjs";
import { build, ensureInstalled, root } from "./lib/ready.mjs";

const mostPackedKb = 1200;
const mostFileKb = 512;
const needed = ["dist/copse.cjs", "dist/runner.cjs", "templates/report.md", "templates/commit-message.txt", "templates/init/config.json"]
  .concat([
    "templates/init/gitignore",
    "schema/config.schema.json",
    "schema/batch.schema.json",
    "docs/gates.md",
    "dist/LICENSES.txt",
    "dist/ui/index.html",
    "dist/ui/page.js",
    "dist/ui/style.css",
    "package.json",
    "LICENSE",
  ])
  .concat(
    ["copse", "copse-worktrees"].flatMap((name) =>
      [".claude-plugin/plugin.json", "hooks/hooks.json"].map((file) => `templates/claude/${name}/${file}`),
    ),
    [
      "templates/claude/.claude-plugin/marketplace.json",
      "templates/claude/copse/commands/tasks.md",
      "templates/claude/copse/commands/notify.md",
    ],
  )
  .concat(["security-audit", "jsdoc", "test-diagnosis", "refactor", "deps"].map((name) => `templates/batches/${name}.yaml`))
  .concat(["README.md", "CHANGELOG.md"].filter((name) => existsSync(join(root, name))));

ensureInstalled();
await build();
const box = realpathSync(mkdtempSync(join(tmpdir(), "copse-pack-")));
const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  ...(process.env.npm_config_registry ? { npm_config_registry: process.env.npm_config_registry } : {}),
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(?:https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_\w+)$/i.test(name)),
  ),
  LANG: "C.UTF-8",
  COPSE_STATE_DIR: join(box, "state"),
  XDG_CONFIG_HOME: join(box, "config"),
  COPSE_IDLE_SECONDS: "2",
  COPSE_PACK_SMOKE: box,
};
let wrong = 0;
try {
  await smoke();
} catch (error) {
  say(false, error.message);
} finally {
  for (const { pid, command } of processesWith(`COPSE_PACK_SMOKE=${box}\0`)) {
    say(false, `left running: ${pid} ${command}`);
    process.kill(pid, "SIGKILL");
  }
  rmSync(box, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(wrong === 0 ? 0 : 1);

async function smoke() {
  const packed = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", box], root).stdout)[0];
  const names = packed.files.map(({ path }) => path);
  const kb = (bytes) => `${Math.round(bytes / 1024)} KB`;
  say(
    packed.size < mostPackedKb * 1024,
    `${packed.filename}: ${kb(packed.size)} packed, ${kb(packed.unpackedSize)} unpacked, ${names.length} files`,
  );
  for (const name of needed) if (!names.includes(name)) say(false, `${name} is missing in the package`);
  for (const { path, size } of packed.files) if (size > mostFileKb * 1024) say(false, `${path} is big: ${kb(size)}`);
  for (const name of names)
    if (!/^(?:dist|templates|schema|docs)\/|^(?:package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(name))
      say(false, `${name} does not belong in the package`);

  const place = join(box, "place");
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), '{"private":true}\n');
  run(
    "npm",
    ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", join(box, packed.filename)],
    place,
  );
  const copse = join(place, "node_modules", ".bin", "copse");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  say(run(copse, ["--version"], place).stdout.trim() === version, `installed: copse --version says ${version}`);

  const repo = join(box, "repo");
  mkdirSync(repo);
  run("git", ["init", "-q"], repo);
  writeFileSync(join(repo, "a.txt"), "a\n");
  run("git", ["add", "a.txt"], repo);
  run("git", ["-c", "user.name=Smoke", "-c", "user.email=smoke@example.invalid", "commit", "-q", "-m", "start"], repo);
  run("git", ["config", "user.name", "Smoke"], repo);
  run("git", ["config", "user.email", "smoke@example.invalid"], repo);
  run(copse, ["init"], repo);
  say(existsSync(join(repo, ".worktrees", "config.json")), "copse init finds its templates");
  const { made } = JSON.parse(run(copse, ["init", "--claude", "--project", "--json"], repo).stdout);
  say(made.includes("commands/tasks.md"), "copse init --claude finds its plugins");
  run(copse, ["init", "--claude", "--project", "--remove"], repo);
  run(copse, ["run", "-l", "smoke", "--verify", "test -f made.txt", "--exec", "--", "sh", "-c", "echo made > made.txt"], repo);
  const { task } = JSON.parse(run(copse, ["show", "smoke", "--json"], repo).stdout);
  say(task.state === "completed" && task.verify.status === "verified", `a task ran to its end: ${task.state}, ${task.verify.status}`);
  say(existsSync(task.result.report), "its report is written");
  // Nothing more of them: there may be no Claude Code here.
  const { batches } = JSON.parse(run(copse, ["batch", "--list", "--json"], repo).stdout);
  say(batches.length === 5 && batches.every(({ description }) => description), "copse batch finds what comes with it by name");
  run(copse, ["runner", "stop"], repo);
}

/** @throws Error with the output when the program fails */
function run(file, args, cwd) {
  const done = spawnSync(file, args, { cwd, env, encoding: "utf8", timeout: 300_000, maxBuffer: 64 << 20 });
  if (done.status !== 0)
    throw new Error(`${file} ${args.join(" ")} ended with ${done.status ?? done.signal}\n${done.stdout}${done.stderr}`);
  return done;
}

function say(well, text) {
  process.stdout.write(`${well ? "ok  " : "FAIL"}  ${text}\n`);
  if (!well) wrong++;
}
