/** JSON Schemas as tools are described by: in the spelling that most programs read, and without what says nothing. Pure. */
import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import type * as z from "zod";

type Schema = Record<string, unknown>;

/** `check` false: described to clients, but checked by us, for a refusal in our words. */
export function portable(schema: z.ZodObject, check: boolean): StandardSchemaWithJSON {
  const { jsonSchema, validate, ...rest } = schema["~standard"];
  type Options = Parameters<typeof jsonSchema.input>[0];
  return {
    "~standard": {
      ...rest,
      validate: check ? validate : (value: unknown) => ({ value }),
      jsonSchema: {
        input: (options: Options) => tidy(jsonSchema.input(options)) as Schema,
        output: (options: Options) => tidy(jsonSchema.output(options)) as Schema,
      },
    },
  } as StandardSchemaWithJSON;
}

/** Types one at a time instead of as a list; no open `additionalProperties`, no bounds that every whole number keeps. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== "object" || value === null) return value;
  const { type, ...rest } = Object.fromEntries(Object.entries(value).filter(([key, inner]) => !saysNothing(key, inner)));
  const kept = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, tidy(inner)]));
  if (!Array.isArray(type)) return type === undefined ? kept : { type: tidy(type), ...kept };
  const { description, ...own } = kept;
  const branches = type.map((one) => (one === "null" ? { type: one } : { type: one, ...own }));
  return { anyOf: branches, ...(description === undefined ? {} : { description }) };
}

const saysNothing = (key: string, value: unknown): boolean =>
  (key === "additionalProperties" && typeof value === "object" && value !== null && Object.keys(value).length === 0) ||
  (key === "maximum" && value === Number.MAX_SAFE_INTEGER) ||
  (key === "minimum" && value === Number.MIN_SAFE_INTEGER);
