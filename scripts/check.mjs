/**
 * `npm run check`: the one gate. Runs its parts in order, stops at the first that fails, and says how to run that part alone and how to mend it.
 * Import directions and documents are tests (test/architecture.test.ts, test/docs.test.ts) and run with them.
 */
import { spawn } from "node:child_process";
import { ensureInstalled, root } from "./lib/ready.mjs";

const parts = [
  { name: "format and lint", command: ["npx", "biome", "ci", "."], alone: "npm run lint", mend: "npm run fix mends most of it" },
  { name: "types", command: ["npm", "run", "-s", "types"], alone: "npm run types", mend: "the compiler names file and line" },
  {
    name: "dead code",
    command: ["npm", "run", "-s", "dead"],
    alone: "npm run dead",
    mend: "remove what nobody uses, or drop its `export`; packages: package.json",
  },
  {
    name: "tests, import directions, documents, coverage",
    command: ["node", "scripts/test.mjs", "--coverage"],
    alone: "npm test -- --coverage; one file: npm test -- <part of its path>",
    mend: "each failure stands above with its file; uncovered lines: coverage/index.html",
  },
  {
    name: "package",
    command: ["node", "scripts/pack-smoke.mjs"],
    alone: "npm run pack-smoke",
    mend: "`files` and `dependencies` of package.json say what is in the package",
  },
];

ensureInstalled();
const startedAt = performance.now();
let counted = "";
for (const [i, part] of parts.entries()) {
  const begun = performance.now();
  process.stdout.write(`\n── ${i + 1}/${parts.length} ${part.name}\n`);
  const { code, last } = await run(part.command);
  if (/^\d+ passed, \d+ failed/.test(last)) counted = last;
  if (code !== 0) {
    process.stdout.write(`\ncheck stopped at: ${part.name}\n  alone: ${part.alone}\n  to mend it: ${part.mend}\n`);
    if (counted !== "") process.stdout.write(`${counted}\n`);
    process.exit(1);
  }
  process.stdout.write(`   ${part.name}: well, ${seconds(begun)}\n`);
}
process.stdout.write(`\ncheck: all ${parts.length} parts are well, ${seconds(startedAt)} on Node ${process.version}\n${counted}\n`);

/** Output as it comes; its last line besides. */
function run([file, ...args]) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let tail = "";
    child.stdout.on("data", (chunk) => {
      process.stdout.write(chunk);
      tail = (tail + chunk).slice(-4000);
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, last: tail.trimEnd().split("\n").at(-1) ?? "" }));
  });
}

function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
