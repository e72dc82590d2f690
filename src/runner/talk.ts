/** What the runner answers over its socket. */
import { type Answer, type Ask, type Hello, isOlder, type RunnerStatus } from "../core/protocol.ts";

/** What it is asked about. */
export interface Talked {
  hello(): Hello;
  status(): Omit<RunnerStatus, keyof Hello | "rssMb">;
  poke(repoId: string, id: string): void;
  reload(): void;
  leave(why: string): void;
  ui: { open(port: number | undefined): Promise<Answer>; shut(): Promise<Answer> };
}

export function talk(ask: Ask, about: Talked): Answer | Promise<Answer> {
  switch (ask.do) {
    case "hello":
      return { hello: about.hello() };
    case "poke": {
      if (!/^[a-z0-9]{1,48}$/.test(ask.id) || !/^[0-9a-f]{16}$/.test(ask.repoId)) return { error: "bad id" };
      about.poke(ask.repoId, ask.id);
      return { poked: true };
    }
    case "settings":
      about.reload();
      return { poked: true };
    case "status":
      return { status: { ...about.hello(), ...about.status(), rssMb: Math.round(process.memoryUsage().rss / 1e6) } };
    case "ui":
      return ask.stop === true ? about.ui.shut() : about.ui.open(ask.port);
    case "leave": {
      const leaving = ask.handover === undefined || isOlder(about.hello().version, ask.handover);
      if (leaving)
        setImmediate(() => about.leave(ask.handover === undefined ? "asked to leave" : `makes room for version ${ask.handover}`));
      return { leaving };
    }
    default:
      return { error: "unknown request" };
  }
}
