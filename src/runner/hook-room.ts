/** Where the runner hears agents' sessions: its port, the tokens of its tasks, and who it stays for. */
import type { Server } from "node:http";
import { messageOf } from "../core/errors.ts";
import { isTerminal } from "../core/task.ts";
import { anySession, taskScope } from "../hooks/access.ts";
import type { Answer } from "../hooks/answer.ts";
import { Book, type Session } from "../hooks/book.ts";
import { type Around, Desk } from "../hooks/desk.ts";
import { type CopseTask, taskFor } from "../hooks/enrich.ts";
import type { HookEvent } from "../hooks/event.ts";
import { leaveGuard, standGuard, takeMissed, writeGuard } from "../hooks/guard.ts";
import { Projects } from "../hooks/project.ts";
import { taskSettings } from "../hooks/task-settings.ts";
import { wakeCommand, wantedOfTask } from "../hooks/wanted.ts";
import { runEnvironment } from "../session/environment.ts";
import type { Config } from "../store/config.ts";
import { replaceFile } from "../store/files.ts";
import { hookSettingsFile } from "../store/paths.ts";
import type { TaskRecord } from "../store/record.ts";
import { isAlive } from "../system/identity.ts";

/** From an event that is refused to its script's first look, on a busy machine. */
const settleMs = 500;
const againMs = 10_000;

/** An answer that is lost lets pass what a hook would have kept from happening. */
const leaveMs = 5000;

export class HookRoom {
  readonly #state: string;
  readonly #records: ReadonlyMap<string, TaskRecord>;
  readonly #config: () => Config;
  readonly #say: (line: string) => void;
  readonly #book: Book;
  readonly #desk: Desk;
  readonly #projects: Projects;
  #server: Server | undefined;
  #answering = 0;
  #settling: NodeJS.Timeout | undefined;

  constructor(state: string, records: ReadonlyMap<string, TaskRecord>, config: () => Config, say: (line: string) => void) {
    this.#state = state;
    this.#records = records;
    this.#config = config;
    this.#say = say;
    this.#book = new Book(state);
    this.#projects = new Projects(state, say);
    this.#desk = new Desk(this.#book, (event, session) => this.#around(event, session), say);
  }

  /** Without a port the runner does its work all the same. */
  async open(): Promise<void> {
    try {
      writeGuard(this.#state, wakeCommand());
      const { receive } = await import("../hooks/receiver.ts");
      this.#server = await receive(this.#state, (event, scope) => this.#heard(event, scope), this.#say);
      this.catchUp();
      // Who was refused a moment ago may have its script still to start: until then events are kept as well.
      this.#settling = setTimeout(() => this.#stand(), settleMs);
    } catch (error) {
      this.#say(`hooks are not received: ${messageOf(error)}`);
    }
  }

  #stand(): void {
    try {
      standGuard(this.#state);
    } catch (error) {
      // No room: events are heard and kept both, and entered once.
      this.#say(`hooks: ${messageOf(error)}`);
      this.#settling = setTimeout(() => this.#stand(), againMs);
    }
  }

  /** Nothing new is heard from now on; what is being answered is waited for, a while. */
  async close(): Promise<void> {
    clearTimeout(this.#settling);
    leaveGuard(this.#state);
    this.#server?.close();
    this.#server?.closeIdleConnections();
    this.#server = undefined;
    const deadline = Date.now() + leaveMs;
    while (this.#answering > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Takes in what sessions did while there was no runner. */
  catchUp(): void {
    takeMissed(this.#state, (event, at) => this.#book.enterLate(event, at));
  }

  /** Is there a session of a person's that would miss the runner? What a script has kept meanwhile may end one. */
  needed(): boolean {
    this.catchUp();
    return this.#book.processes().some(isAlive);
  }

  /** A settings file for a task's run that is about to start; undefined when the person's own cannot be read. */
  settingsFor(record: TaskRecord): string | undefined {
    const { id, sessionId, sessionBegun, request, worktree, repo } = record.task;
    // What another process of this session had running is gone with it.
    if (sessionId !== null && sessionBegun)
      this.#book.enter({ hook_event_name: "SessionStart", source: "resume", session_id: sessionId }, new Date().toISOString());
    const start = Object.hasOwn(this.#projects.of(repo).hooks, "SessionStart");
    const args = [...(this.#config().agents[request.agent]?.args ?? []), ...request.agentArgs];
    const text = taskSettings(args, worktree ?? repo, wantedOfTask(this.#state, id, start));
    if (text === undefined) return undefined;
    const file = hookSettingsFile(record.dir);
    replaceFile(file, text);
    return file;
  }

  async #heard(event: HookEvent, scope: string): Promise<Answer | undefined> {
    this.#answering++;
    try {
      return await this.#answer(event, scope);
    } finally {
      this.#answering--;
    }
  }

  async #answer(event: HookEvent, scope: string): Promise<Answer | undefined> {
    this.catchUp();
    const record = this.#taskOf(event.session_id);
    if (scope === anySession) {
      // A task's session that also has the person's settings is heard by its own token.
      const own = record !== undefined && (record.task.state === "running" || record.task.attachedBy !== null);
      return own ? {} : await this.#desk.handle(event);
    }
    return record !== undefined && scope === taskScope(record.task.id) ? await this.#desk.handle(event) : undefined;
  }

  #taskOf(sessionId: string): TaskRecord | undefined {
    for (const record of this.#records.values()) if (record.task.sessionId === sessionId) return record;
    return undefined;
  }

  #around(event: HookEvent, session: Session): Around {
    const record = this.#taskOf(event.session_id);
    const cwd = session.cwd ?? "";
    const { repoId, hooks, gates } = this.#projects.of(cwd);
    return {
      hooks,
      gates,
      tasks: () => this.#tasks(repoId),
      env: () => ({
        ...(record === undefined ? (process.env as Record<string, string>) : runEnvironment(record.task, record.dir, record.task.run)),
        CLAUDE_PROJECT_DIR: record?.task.worktree ?? cwd,
        CLAUDE_CODE_SESSION_ID: event.session_id,
      }),
    };
  }

  #tasks(repoId: string | null): CopseTask[] {
    return [...this.#records.values()].filter(({ task }) => task.repoId === repoId && !isTerminal(task)).map(({ task }) => taskFor(task));
  }
}
