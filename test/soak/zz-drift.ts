import { outdated } from "../support/updates.ts";
const box = await outdated({ names: ["p"], conflicts: [], files: { "package.json": JSON.stringify({ name: "x", version: "1.0.0", private: true, scripts: { test: "node -e 0" }, dependencies: { p: "^1.0.0" } }, null, 2) } });
try {
  const now = Date.now();
  box.registry.add("p", "1.2.0");
  for (const [v, d] of [["1.0.0", 100], ["1.1.0", 50], ["1.2.0", 1]] as const) box.registry.released("p", v, new Date(now - d * 86400000));
  const ran = await box.json(["deps"]);
  console.log(JSON.stringify(ran.updates?.map((u: any) => [u.name, u.from, u.to, u.kept])), JSON.stringify(ran.left));
  console.log(box.git(["show", `${ran.branch}:package.json`]).match(/"p".*/)?.[0], JSON.parse(box.git(["show", `${ran.branch}:package-lock.json`])).packages["node_modules/p"].version);
} finally { await box.close(); }
