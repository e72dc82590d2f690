/** One event from its arrival to its answer: entered into the book, held against the gates, given to the person's hooks side by side, their answers made one. */
import type { CommandHook, Gates, UserHooks } from "../core/hook-settings.ts";
import type { Identity } from "../core/task.ts";
import { isAlive } from "../system/identity.ts";
import { runQuickly } from "../system/quick.ts";
import { type Answer, answerOf, blocking, blocks, merged } from "./answer.ts";
import type { Book, Said, Session } from "./book.ts";
import { lastCallId } from "./calls.ts";
import { type CopseTask, enrich } from "./enrich.ts";
import { type HookEvent, textIn, under } from "./event.ts";
import { type Blocked, gatesThatBlock } from "./gates.ts";
import { hooksFor } from "./matcher.ts";

/** What stands in a person's and a project's configuration, and what is known besides. */
export interface Around {
  readonly hooks: UserHooks;
  readonly gates: Gates;
  readonly tasks: () => readonly CopseTask[];
  /** For the hooks' commands. */
  readonly env: () => Readonly<Record<string, string>>;
}

/** As Claude Code's own default. */
const timeoutMs = 600_000;
/** A gate without an end of its own lets an agent pass after so many times. */
const mostTimes = 3;
/** A session not heard of for longer does not count for what runs on this machine. */
const latelyMs = 3600_000;

export class Desk {
  readonly #book: Book;
  readonly #around: (event: HookEvent, session: Session) => Around;
  readonly #say: (line: string) => void;
  /** By session, agent and gate: the last call there was when it blocked, and how often it did. */
  readonly #blocked = new Map<string, { readonly done: string; readonly times: number }>();
  /** By session, agent and background work: something was refused for it. */
  readonly #refused = new Set<string>();

  constructor(book: Book, around: (event: HookEvent, session: Session) => Around, say: (line: string) => void) {
    this.#book = book;
    this.#around = around;
    this.#say = say;
  }

  async handle(event: HookEvent, process?: Identity): Promise<Answer> {
    const session = this.#book.enter(event, new Date().toISOString(), process);
    if (session.ended)
      for (const memory of [this.#blocked, this.#refused])
        for (const key of memory.keys()) if (key.startsWith(`${session.sessionId}\n`)) memory.delete(key);
    const around = this.#around(event, session);
    const refusals = this.#gates(event, session, around.gates);
    const hooks = hooksFor(around.hooks, event);
    if (hooks.length === 0 && refusals.length === 0) return {};
    const told = hooks.length === 0 ? "" : JSON.stringify(enrich(event, session.ledger, around.tasks()));
    const env = hooks.length === 0 ? {} : around.env();
    const heard = await Promise.all(hooks.map((hook) => this.#run(hook, event, told, env)));
    const gate = refusals.map(({ gate: name, reason }) => ({ name: `gate ${name}`, answer: blocking(event.hook_event_name, reason) }));
    const all = [...gate, ...heard.flatMap((one) => one ?? [])];
    const answer = merged(
      event.hook_event_name,
      all.map((one) => one.answer),
    );
    const refused = event.hook_event_name === "PreToolUse" && blocks(answer) !== undefined ? textIn(event, "tool_use_id") : undefined;
    const said = { ...report(event, all, answer), ...(refused === undefined ? {} : { refused }) };
    this.#book.say(session.sessionId, said, new Date().toISOString());
    return answer;
  }

  #gates(event: HookEvent, session: Session, gates: Gates): readonly Blocked[] {
    if (Object.keys(gates).length === 0) return [];
    const key = (what: string) => `${session.sessionId}\n${event.agent_id ?? ""}\n${what}`;
    const done = lastCallId(under(session.ledger.turns, event.agent_id ?? "")?.calls ?? []);
    const lately = new Date(Date.now() - latelyMs).toISOString();
    let all: Session[] | undefined;
    const found = gatesThatBlock(gates, {
      event,
      session,
      sessions: () =>
        (all ??= [
          session,
          ...this.#book
            .sessions(lately)
            .filter(({ sessionId, process }) => sessionId !== session.sessionId && (process === null || isAlive(process))),
        ]),
      blockedBefore: (gate) => {
        const before = this.#blocked.get(key(gate));
        return before !== undefined && (before.times === mostTimes || done === "" || done === before.done);
      },
      refusedFor: (task) => this.#refused.has(key(task)),
    });
    for (const { task } of found) if (task !== undefined) this.#refused.add(key(task));
    for (const { gate } of found) this.#blocked.set(key(gate), { done, times: (this.#blocked.get(key(gate))?.times ?? 0) + 1 });
    // Let pass: the next rest is another one.
    if (event.hook_event_name === "TeammateIdle")
      for (const gate of ["teammate-idle", "report-back"] as const)
        if (!found.some((one) => one.gate === gate)) this.#blocked.delete(key(gate));
    return found;
  }

  /** undefined: it is not waited for. */
  async #run(hook: CommandHook, event: HookEvent, told: string, env: Readonly<Record<string, string>>): Promise<Done | undefined> {
    const name = [hook.command, ...(hook.args ?? [])].join(" ");
    const startedAt = performance.now();
    const cwd = textIn(event, "cwd");
    const [file, args] = hook.args === undefined ? ["sh", ["-c", hook.command]] : [hook.command, hook.args];
    const running = runQuickly(file, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env,
      input: told,
      timeoutMs: hook.timeout === undefined ? timeoutMs : hook.timeout * 1000,
    });
    if (hook.async === true) return undefined;
    const ran = await running;
    if (ran.exitCode === null) this.#say(`hook ${name} did not end by itself at ${event.hook_event_name}`);
    const ms = Math.round(performance.now() - startedAt);
    return { name, exitCode: ran.exitCode, ms, answer: answerOf(event.hook_event_name, { name, ...ran }) };
  }
}

interface Done {
  readonly name: string;
  readonly exitCode?: number | null;
  readonly ms?: number;
  readonly answer: Answer;
}

function report(event: HookEvent, all: readonly Done[], answer: Answer): Said {
  const tool = textIn(event, "tool_name");
  const goesOn = event.hook_event_name === "TeammateIdle" && answer["decision"] === "block" && answer["continue"] !== false;
  return {
    event: event.hook_event_name,
    ...(goesOn && event.agent_id !== undefined ? { wakes: event.agent_id } : {}),
    ...(tool === undefined ? {} : { tool_name: tool }),
    by: all.map(({ name, exitCode, ms, answer }) => {
      const reason = blocks(answer);
      return {
        name,
        ...(exitCode === undefined ? {} : { exitCode }),
        ...(reason === undefined ? {} : { blocks: reason }),
        ...(ms === undefined ? {} : { ms }),
      };
    }),
  };
}
