/** What a package manager is set to, told by itself: its registries, and how long versions have to be out before it takes them. */
import type { Command, Run } from "./ecosystem.ts";
import type { Settings } from "./manifests.ts";

/** Where yarn 1 looks when nothing is set. */
const yarnRegistry = "https://registry.yarnpkg.com";

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** npm counts days, pnpm minutes; yarn 1 knows no such setting. */
export async function settingsOf(command: Command, run: Run): Promise<Settings> {
  const { stdout } = await run(command);
  const all = settingsIn(stdout);
  const number = (...names: string[]) => names.map((name) => Number(all[name] ?? Number.NaN)).find((one) => one > 0);
  const days = number("min-release-age");
  const minutes = number("minimumReleaseAge", "minimum-release-age");
  const exempt = ["min-release-age-exclude", "minimumReleaseAgeExclude", "minimum-release-age-exclude"].flatMap((name) => all[name] ?? []);
  return {
    all,
    minAgeMs: days !== undefined ? days * dayMs : minutes !== undefined ? minutes * minuteMs : null,
    exempt: exempt.filter((one): one is string => typeof one === "string"),
  };
}

/** One object, or, from yarn, lines of JSON: its own settings, then npm's, which it goes by where its own are not set. */
function settingsIn(text: string): Record<string, unknown> {
  const parse = (some: string): unknown => {
    try {
      return JSON.parse(some);
    } catch {
      return undefined;
    }
  };
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;
  const whole = parse(text);
  if (isObject(whole) && !("type" in whole)) return whole;
  const parts = text.split("\n").map((line) => (parse(line) as { data?: unknown } | undefined)?.data);
  const [own = {}, npm = {}] = parts.filter(isObject);
  return { ...own, ...npm, registry: own["registry"] === yarnRegistry ? (npm["registry"] ?? yarnRegistry) : own["registry"] };
}
