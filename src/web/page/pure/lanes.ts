/** Runs laid over slots: each in the first lane that is free when it begins. Pure. */

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** `spans` in any order. @returns the lane of each, in the order given, and how many there are */
export function lanesOf(spans: readonly Span[]): { lanes: number[]; count: number } {
  const free: number[] = [];
  const lanes = new Array<number>(spans.length).fill(0);
  const order = spans.map((_, i) => i).sort((a, b) => (spans[a] as Span).fromMs - (spans[b] as Span).fromMs || a - b);
  for (const i of order) {
    const { fromMs, toMs } = spans[i] as Span;
    const lane = free.findIndex((end) => end <= fromMs);
    lanes[i] = lane < 0 ? free.length : lane;
    free[lanes[i] as number] = Math.max(toMs, fromMs);
  }
  return { lanes, count: free.length };
}

/** Round moments to mark a scale by, at most about `most` of them. */
export function ticksOf(fromMs: number, toMs: number, most = 8): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400].map((s) => s * 1000);
  const step = steps.find((one) => (toMs - fromMs) / one <= most) ?? Math.ceil((toMs - fromMs) / most / 86_400_000) * 86_400_000;
  const ticks: number[] = [];
  for (let at = Math.ceil(fromMs / step) * step; at <= toMs; at += step) ticks.push(at);
  return ticks;
}
