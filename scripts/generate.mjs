// Makes the checkers of configuration and batch files from their JSON Schemas: plain code without a library behind it, so that a fast command can afford it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import Ajv from "ajv";
import standalone from "ajv/dist/standalone/index.js";

/** Words for people are not looked at by the checker, and it would carry them along. */
const bare = (value) =>
  Array.isArray(value)
    ? value.map(bare)
    : typeof value !== "object" || value === null
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .filter(([key, one]) => !(["description", "title", "$id"].includes(key) && typeof one === "string"))
            .map(([key, one]) => [key, bare(one)]),
        );
const types = `export interface Problem { readonly instancePath: string; readonly schemaPath: string; readonly keyword: string; readonly params: Readonly<Record<string, unknown>>; readonly message?: string; readonly data?: unknown; readonly parentSchema?: { readonly properties?: Readonly<Record<string, unknown>> } }
declare const validate: { (data: unknown): boolean; errors: readonly Problem[] | null };
export default validate;
`;

for (const [name, folder] of [
  ["config", "store"],
  ["batch", "batch"],
]) {
  const schema = JSON.parse(readFileSync(new URL(`../schema/${name}.schema.json`, import.meta.url), "utf8"));
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    messages: false,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
    code: { source: true, esm: true },
  });
  const out = new URL(`../src/${folder}/generated/`, import.meta.url);
  mkdirSync(out, { recursive: true });
  const code = standalone(ajv, ajv.compile(bare(schema)));
  if (/\brequire\(/.test(code)) throw new Error(`schema/${name}.schema.json uses a keyword that needs a library at run time`);
  writeFileSync(new URL(`validate-${name}.js`, out), code);
  writeFileSync(new URL(`validate-${name}.d.ts`, out), types);
}
