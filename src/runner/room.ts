/** Room on the disks a task needs: its own folder in the state, and its repository. */
import type { TaskRecord } from "../store/record.ts";
import { roomAt } from "../system/disk.ts";

export const spaceLookMs = 1000;

/** The text does not name the figure: it would be a new event at every look. */
export function lackOfRoom(record: TaskRecord, minFreeMb: number): string | undefined {
  for (const place of [record.dir, record.task.repo]) {
    const room = roomAt(place);
    if (room && room.bytes < minFreeMb * 1024 * 1024) return `waits for disk space: under ${minFreeMb} MB free at ${place}`;
    if (room && minFreeMb > 0 && room.inodes < 10_000) return `waits for disk space: under 10000 inodes free at ${place}`;
  }
  return undefined;
}

/** After a full disk: settles when there is more room than now, when the task has changed, or after a while. */
export async function moreRoom(record: TaskRecord): Promise<void> {
  const look = () => [record.dir, record.task.repo].map((place) => roomAt(place));
  const before = look();
  const { seq } = record.task;
  for (let n = 0; n < 30 && record.task.seq === seq; n++) {
    await record.wait(spaceLookMs);
    if (look().some((room, i) => room && (room.bytes > (before[i]?.bytes ?? 0) || room.inodes > (before[i]?.inodes ?? 0)))) return;
  }
}
