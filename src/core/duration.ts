/** Durations as people write and read them. Pure. */
import { CopseError } from "./errors.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** "45m", "1h30m", "90s", "500ms" → milliseconds. @throws CopseError USAGE */
export function parseDuration(text: string, name: string): number {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|min|s|m|h|d)/g)];
  const total = parts.reduce((sum, [, n, unit]) => sum + Number(n) * (unitMs[unit ?? ""] ?? 0), 0);
  if (parts.length === 0 || parts.map((part) => part[0]).join("") !== text.trim() || total <= 0) {
    throw new CopseError("USAGE", `${name}: expected a duration such as 45m, 1h30m or 90s, got "${text}"`, {
      hint: `Example: ${name} 45m`,
    });
  }
  return Math.round(total);
}

/** Milliseconds → "12 min", "3 h 5 min", "8 s". */
export function sayDuration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 48) return min % 60 ? `${h} h ${min % 60} min` : `${h} h`;
  return `${Math.floor(h / 24)} d`;
}
