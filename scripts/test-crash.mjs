// npm run test:crash: kills everything that can be killed, at random and at named points, and counts what was lost, doubled or left behind.
// --small for CI; --kills N (of the runner, at random), --seed S to repeat a run, --only NAME for one scenario.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);
if (!args.includes("--no-build")) spawnSync(process.execPath, [`${root}scripts/build.mjs`], { cwd: root, stdio: "inherit" });
const { status } = spawnSync(process.execPath, ["--import", "tsx", "test/crash/all.ts", ...args], { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;
