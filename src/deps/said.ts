/** What a repository has already said to other updaters: packages and versions that its files for Dependabot, Renovate and npm-check-updates keep it from. Pure, but for the reading. */
import { looseJson } from "../system/json-text.ts";
import { dependabotSaid } from "./dependabot.ts";
import { fieldsOf, type Said, textsOf } from "./fields.ts";
import { matcherOf } from "./patterns.ts";
import { renovateSaid } from "./renovate.ts";

/** Both throw, with the place, where a text is none. */
type Parse = (text: string) => unknown;
type Reader = (data: unknown, path: string) => Said;

const dependabot = [".github/dependabot.yml", ".github/dependabot.yaml"];
const renovate = [
  ".renovaterc",
  ...["renovate", ".github/renovate", ".gitlab/renovate", ".renovaterc"].flatMap((name) => [`${name}.json`, `${name}.json5`]),
];
const programs = [".ncurc.js", ".ncurc.cjs", ".ncurc.mjs"];

/** `read`: a file of the repository, or undefined. */
export async function saidBy(read: (path: string) => Promise<string | undefined>, yaml: Parse): Promise<Said> {
  const files: readonly (readonly [paths: readonly string[], parse: Parse, reader: Reader])[] = [
    [dependabot, yaml, dependabotSaid],
    [renovate, looseJson, renovateSaid],
    [["package.json"], looseJson, (data, by) => renovateSaid(fieldsOf(data)["renovate"], by)],
    [[".ncurc", ".ncurc.json"], looseJson, ncuSaid],
    [[".ncurc.yml", ".ncurc.yaml"], yaml, ncuSaid],
    [
      programs,
      () => null,
      (_, by) => ({ refusals: [], notes: [`${by} is a program and is not run, so what it rejects is not known here`] }),
    ],
  ];
  const all = await Promise.all(
    files
      .flatMap(([paths, parse, reader]) => paths.map((path) => ({ path, parse, reader })))
      .map(async ({ path, parse, reader }): Promise<Said> => {
        const text = await read(path);
        if (text === undefined) return { refusals: [], notes: [] };
        try {
          return reader(parse(text), path);
        } catch (error) {
          return { refusals: [], notes: [`${path} cannot be read, so what it ignores is not known here: ${(error as Error).message}`] };
        }
      }),
  );
  return { refusals: all.flatMap(({ refusals }) => refusals), notes: all.flatMap(({ notes }) => notes) };
}

/** `reject`: a list, or words in a text; `*` stands for anything there. */
function ncuSaid(data: unknown, by: string): Said {
  const { reject = [], rejectVersion } = fieldsOf(data) as { readonly reject?: unknown; readonly rejectVersion?: unknown };
  const patterns = typeof reject === "string" ? reject.split(/[\s,]+/) : textsOf(reject);
  const known = patterns?.map((one) => matcherOf(one.startsWith("/") ? one : one.replaceAll(/\*+/g, "**")));
  const isOdd = known === undefined || known.includes(undefined) || patterns?.some((one) => one.startsWith("!"));
  return {
    refusals: isOdd ? [] : [{ by, refuses: ({ name }) => known.some((matches) => matches?.(name)) }],
    notes: [...(isOdd ? ["reject"] : []), ...(rejectVersion === undefined ? [] : ["rejectVersion"])].map(
      (key) => `${by}: \`${key}\` is not understood, so it does not count`,
    ),
  };
}
