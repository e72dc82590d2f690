/** Runs the crash scenarios one after the other. One line each; the last line is "N passed, N failed". */
import { parseArgs } from "node:util";
import { scenarios } from "./scenarios.ts";
import { randomFrom } from "./world.ts";

const { values } = parseArgs({
  options: {
    small: { type: "boolean", default: false },
    kills: { type: "string" },
    seed: { type: "string" },
    only: { type: "string", multiple: true },
    "no-build": { type: "boolean" },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const size = { small: values.small, kills: Number(values.kills ?? (values.small ? 100 : 1000)) };
console.log(`crash test, seed ${seed}${values.small ? ", small" : ""}`);
let passed = 0;
let failed = 0;
let total = 0;
const startedAt = performance.now();
for (const [i, scenario] of scenarios.entries()) {
  if (values.only && !values.only.includes(scenario.name)) continue;
  const at = performance.now();
  let problems: readonly string[] = [];
  let figures = "";
  try {
    const said = await scenario.run(size, randomFrom(seed + i * 7919));
    ({ problems, figures } = said);
    total += said.kills;
  } catch (error) {
    problems = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
  const seconds = ((performance.now() - at) / 1000).toFixed(1);
  if (problems.length === 0) passed++;
  else failed++;
  console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${scenario.name}: ${figures} (${seconds} s)`);
  for (const problem of problems.slice(0, 20)) console.log(`       ${problem}`);
  if (problems.length > 20) console.log(`       … and ${problems.length - 20} more`);
}
console.log(`${total} kills in ${((performance.now() - startedAt) / 1000).toFixed(0)} s, seed ${seed}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
