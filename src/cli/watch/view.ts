/** The live view at work: keys and looks in, rows out. It holds nothing that matters; leaving it leaves the tasks as they are. */
import { exit } from "../../core/errors.ts";
import { paintFor } from "../view/paint.ts";
import { terminalNotices } from "../view/terminal-notice.ts";
import { book } from "./book.ts";
import { changes, type Frame } from "./changes.ts";
import { fulfil, inTerminal } from "./fulfil.ts";
import { watcher } from "./look.ts";
import type { Deed, Event, Facts, Notice, Wish } from "./model.ts";
import { screen } from "./screen.ts";
import { opened, step } from "./step.ts";
import { isGone, openTerminal } from "./terminal.ts";

const lookMs = 150;
/** At most ten times a second for what the world does, and at once, as a person sees it, for a key. */
const [drawMs, keyMs] = [100, 15];

export interface Left {
  /** The exit code. */
  readonly code: number;
  /** Commands still under way. */
  readonly busy: readonly string[];
  /** What came of them, when they are done. */
  readonly done: Promise<readonly Notice[]>;
}

/** `hereId`: the repository one stands in; `here`: its tasks only. Settles when the person has left. */
export async function view(hereId: string | undefined, here: boolean): Promise<Left> {
  const look = watcher(hereId);
  const facts = look() as Facts;
  const notice = terminalNotices();
  notice(facts.tasks.map(({ task }) => task));
  return await new Promise<Left>((resolve, reject) => {
    const paint = paintFor({ isTTY: true });
    let drawn: Frame | undefined;
    let timer: NodeJS.Timeout | undefined;
    let due = 0;
    const underWay = new Set<Promise<Notice>>();
    const terminal = openTerminal({
      key: (key) => take({ type: "key", key }, keyMs),
      resized: () => {
        drawn = undefined;
        take({ type: "size", size: terminal.size() }, keyMs);
      },
      back: () => {
        drawn = undefined;
        take({ type: "size", size: terminal.size() }, 0);
      },
      interrupted: () => end(exit.interrupted),
    });
    let state = opened(facts, terminal.size(), here);
    const pages = book(
      (id) => state.facts.tasks.find(({ task }) => task.id === id),
      (event) => take(event, drawMs),
    );

    function take(event: Event, ms: number): void {
      const [next, ...deeds] = step(state, event);
      state = next;
      for (const deed of deeds) guarded(() => act(deed));
      draw(ms);
    }
    function draw(ms: number): void {
      const wanted = Date.now() + ms;
      if (timer !== undefined && due <= wanted) return;
      clearTimeout(timer);
      due = wanted;
      timer = setTimeout(() => {
        timer = undefined;
        const frame = screen(state, paint);
        const bytes = changes(drawn, frame);
        drawn = frame;
        if (bytes !== "") guarded(() => terminal.write(bytes));
      }, ms);
    }
    function act(deed: Deed): Promise<void> | void {
      switch (deed.do) {
        case "leave":
          return end(deed.code);
        case "suspend":
          return terminal.suspend();
        case "redraw":
          drawn = undefined;
          return draw(0);
        case "open":
          pages.open(deed.kind, deed.id);
          return pages.refresh();
        case "close":
          return pages.close();
        case "wish":
          return deed.wish.verb === "attach" ? attach(deed.wish) : carryOut(deed.wish);
      }
    }
    async function carryOut(wish: Wish): Promise<void> {
      take({ type: "begun", command: wish.command }, keyMs);
      const work = fulfil(wish);
      underWay.add(work);
      const said = await work.finally(() => underWay.delete(work));
      take({ type: "over", command: wish.command }, keyMs);
      take({ type: "notice", notice: said }, keyMs);
    }
    async function attach(wish: Wish): Promise<void> {
      const code = await terminal.lend(() => inTerminal(wish));
      const text = code === 0 ? "you are back" : `ended with ${code}; what it said stands above this view: q, or Ctrl-Z, to read it`;
      take({ type: "notice", notice: { well: code === 0, text: `${wish.command}: ${text}` } }, 0);
    }
    function lookAgain(): void {
      const seen = look();
      if (seen !== undefined) {
        notice(seen.tasks.map(({ task }) => task));
        take({ type: "facts", facts: seen }, drawMs);
      }
      guarded(() => pages.refresh());
    }
    /** A fault of ours ends the view, and the terminal is as before when it is told of; a terminal that is gone ends it without a word. */
    function guarded(deed: () => Promise<void> | void): void {
      try {
        deed()?.catch(fail);
      } catch (error) {
        fail(error);
      }
    }
    const looking = setInterval(() => guarded(lookAgain), lookMs);
    const close = () => {
      clearInterval(looking);
      clearTimeout(timer);
      timer = undefined;
      process.off("uncaughtException", fail);
      terminal.close();
    };
    function end(code: number): void {
      close();
      resolve({ code, busy: state.busy, done: Promise.all(underWay) });
    }
    function fail(error: unknown): void {
      close();
      if (isGone(error)) resolve({ code: 129, busy: [], done: Promise.resolve([]) });
      else reject(error);
    }
    process.on("uncaughtException", fail);
    draw(0);
  });
}
