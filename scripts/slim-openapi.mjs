/**
 * Makes test/forge/github-openapi.json: of GitHub's own OpenAPI description only what Copse calls, with every schema those need, without examples and prose.
 *   npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
 *   node scripts/slim-openapi.mjs package/generated/api.github.com.json <version of the package>
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const calls = {
  "/repos/{owner}/{repo}": ["get"],
  "/repos/{owner}/{repo}/pulls": ["get", "post"],
  "/repos/{owner}/{repo}/pulls/{pull_number}": ["get", "patch"],
  "/repos/{owner}/{repo}/pulls/{pull_number}/merge": ["put"],
  "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers": ["post"],
  "/repos/{owner}/{repo}/issues/{issue_number}/labels": ["post"],
  "/repos/{owner}/{repo}/commits/{ref}/check-runs": ["get"],
};
const [source, version = ""] = process.argv.slice(2);
const whole = JSON.parse(readFileSync(source, "utf8"));
const slim = {
  openapi: whole.openapi,
  info: { ...whole.info, description: `Part of @octokit/openapi ${version} (MIT), made by scripts/slim-openapi.mjs` },
  paths: {},
  components: {},
};
for (const [path, methods] of Object.entries(calls)) {
  slim.paths[path] = Object.fromEntries(methods.map((method) => [method, bare(whole.paths[path][method])]));
}
const open = [slim.paths];
for (let part = open.pop(); part !== undefined; part = open.pop()) {
  for (const [, ref] of JSON.stringify(part).matchAll(/"\$ref":"(#\/components\/[^"]+)"/g)) {
    const [, , kind, name] = ref.split("/");
    slim.components[kind] ??= {};
    if (slim.components[kind][name] !== undefined) continue;
    slim.components[kind][name] = bare(whole.components[kind][name]);
    open.push(slim.components[kind][name]);
  }
}
const out = fileURLToPath(new URL("../test/forge/github-openapi.json", import.meta.url));
writeFileSync(out, `${JSON.stringify(slim)}\n`);
console.log(`${out}: ${Object.keys(slim.paths).length} paths, ${Math.round(JSON.stringify(slim).length / 1024)} KiB`);

function bare(value) {
  if (Array.isArray(value)) return value.map(bare);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, inner]) =>
          !["example", "examples", "x-github", "externalDocs", "x-multi-segment"].includes(key) &&
          !(key === "description" && typeof inner === "string"),
      )
      .map(([key, inner]) => [key, bare(inner)]),
  );
}
