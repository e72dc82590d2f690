/** Moments as people name them. Pure. */
import { parseDuration } from "./duration.ts";
import { CopseError } from "./errors.ts";

/** "yesterday", "today", "8h", "2026-11-20", "2026-11-20T22:00" (local time) → ISO. @throws CopseError USAGE */
export function parseSince(text: string, now: Date): string {
  const midnight = (daysAgo: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - daysAgo).toISOString();
  if (text === "today") return midnight(0);
  if (text === "yesterday") return midnight(1);
  const [, year, month, day, hour = "0", minute = "0"] = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?$/.exec(text) ?? [];
  if (year !== undefined && Number(month) <= 12 && Number(day) <= 31)
    return new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute)).toISOString();
  try {
    return new Date(now.getTime() - parseDuration(text, "--since")).toISOString();
  } catch {
    throw new CopseError("USAGE", `--since: expected a day, a time or a duration, got "${text}"`, {
      hint: "Examples: --since yesterday, --since 8h, --since 2026-11-20",
    });
  }
}
