/** The live board of the foreground; the only user of listr2. It is told what to show and holds nothing that matters. */

import { Listr, type ListrTaskWrapper } from "listr2";
import { isTerminal, type Task } from "../../core/task.ts";
import { screen } from "../../system/output.ts";
import { countText, named } from "./crowd.ts";
import { paintFor } from "./paint.ts";
import { taskLines } from "./words.ts";

interface Row {
  task: Task;
  wrapper: Pick<ListrTaskWrapper<unknown, never, never>, "title"> | undefined;
  settle: () => void;
  readonly settled: Promise<void>;
}

/** Lines that are left free: a prompt's, and what is printed below. */
const spare = 3;
const roomNow = (): number => Math.max(3, (process.stdout.rows || 24) - spare);

/** The board that fits the screen. */
export const boardFor: typeof board = (tasks, isWell) => (tasks.length <= roomNow() ? board(tasks, isWell) : crowd(tasks));

/** More tasks than lines: one row that counts them all, below it those that matter now, as many as the screen has room for. It never scrolls. */
function crowd(tasks: readonly Task[]): ReturnType<typeof board> {
  const paint = paintFor(screen());
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const page = (now: readonly Task[]) => {
    const { shown, rest } = named(now, roomNow() - 2);
    const more = rest.length === 0 ? [] : [`… and ${rest.length} more: ${countText(rest)}`];
    return [`${now.length} tasks: ${countText(now)}`, ...taskLines(shown, paint, Date.now()), ...more].join("\n");
  };
  let row: Pick<ListrTaskWrapper<unknown, never, never>, "title"> | undefined;
  const listr = new Listr(
    [
      {
        title: page(tasks),
        task: async (_: unknown, wrapper) => {
          row = wrapper as never;
          await settled;
        },
      },
    ],
    { registerSignalListeners: false },
  );
  const done = listr.run();
  const show = (now: readonly Task[]) => {
    if (row) row.title = page(now);
  };
  return {
    show,
    async close(now) {
      show(now);
      settle();
      await done;
    },
  };
}

/** A row a task; spinners turn until `close`, which leaves the last state standing. `isWell`: did it come to a good end, as far as it is watched? */
function board(
  tasks: readonly Task[],
  isWell: (task: Task) => boolean,
): { show(tasks: readonly Task[]): void; close(tasks: readonly Task[]): Promise<void> } {
  const paint = paintFor(screen());
  const text = (task: Task) => (taskLines([task], paint, Date.now())[0] ?? "").replace(/^\S+ /, "");
  const rows = new Map(tasks.map((task) => [task.id, makeRow(task)]));
  const listr = new Listr(
    tasks.map((task) => ({
      title: text(task),
      task: async (_: unknown, wrapper) => {
        const row = rows.get(task.id) as Row;
        row.wrapper = wrapper as never;
        await row.settled;
        if (!isWell(row.task)) throw new Error(text(row.task));
      },
    })),
    {
      concurrent: true,
      exitOnError: false,
      collectErrors: false,
      registerSignalListeners: false,
      rendererOptions: { showErrorMessage: false, collapseErrors: false },
    },
  );
  const done = listr.run();
  const show = (now: readonly Task[]) => {
    for (const task of now) {
      const row = rows.get(task.id);
      if (!row) continue;
      row.task = task;
      if (row.wrapper) row.wrapper.title = text(task);
      if (isTerminal(task) || task.state === "blocked") row.settle();
    }
  };
  return {
    show,
    async close(now) {
      show(now);
      for (const row of rows.values()) row.settle();
      // Whatever is printed next stands below it.
      await done;
    },
  };
}

/** One row for work whose steps are not known beforehand: its title says what goes on, lines below it stay. */
export function ticker(title: string): { say(title: string): void; line(text: string): void; close(isWell: boolean): Promise<void> } {
  let end = (_isWell: boolean) => {};
  const ended = new Promise<boolean>((resolve) => {
    end = resolve;
  });
  let now: Pick<ListrTaskWrapper<unknown, never, never>, "title" | "output"> | undefined;
  const listr = new Listr(
    [
      {
        title,
        task: async (_: unknown, wrapper) => {
          now = wrapper as never;
          if (!(await ended)) throw new Error(title);
        },
        rendererOptions: { outputBar: Number.POSITIVE_INFINITY, persistentOutput: true },
      },
    ],
    {
      exitOnError: false,
      collectErrors: false,
      registerSignalListeners: false,
      rendererOptions: { showErrorMessage: false, collapseErrors: false },
    },
  );
  const done = listr.run();
  return {
    say(text) {
      if (now) now.title = text;
    },
    line(text) {
      if (now) now.output = text;
    },
    async close(isWell) {
      end(isWell);
      await done;
    },
  };
}

function makeRow(task: Task): Row {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { task, wrapper: undefined, settle, settled };
}
