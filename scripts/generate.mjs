// Makes the checker of configuration files from its JSON Schema: plain code without a library behind it, so that a fast command can afford it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import Ajv from "ajv";
import standalone from "ajv/dist/standalone/index.js";

const schema = JSON.parse(readFileSync(new URL("../schema/config.schema.json", import.meta.url), "utf8"));
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
const ajv = new Ajv({ allErrors: true, verbose: true, messages: false, code: { source: true, esm: true } });
const out = new URL("../src/store/generated/", import.meta.url);
mkdirSync(out, { recursive: true });
writeFileSync(new URL("validate-config.js", out), standalone(ajv, ajv.compile(bare(schema))));
writeFileSync(
  new URL("validate-config.d.ts", out),
  `export interface Problem { readonly instancePath: string; readonly keyword: string; readonly params: Readonly<Record<string, unknown>>; readonly message?: string; readonly data?: unknown; readonly parentSchema?: { readonly properties?: Readonly<Record<string, unknown>> } }
declare const validate: { (data: unknown): boolean; errors: readonly Problem[] | null };
export default validate;
`,
);
