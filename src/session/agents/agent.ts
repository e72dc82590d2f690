/** What Copse asks of an agent. An adapter starts no process: it names a command line and reads lines. */
import type { Ending, Exit } from "../../core/judge.ts";
import type { Answer, Cost, NeedsKind, Request } from "../../core/task.ts";

/** One run to be started. */
export interface SessionSpec {
  readonly prompt: string;
  readonly request: Request;
  /** The id the session gets, or has when it is resumed. */
  readonly sessionId: string | null;
  /** Go on with the session instead of beginning one. */
  readonly resume: boolean;
  /** The person's settings for this agent (`agents.<name>` of the configuration). */
  readonly settings: AgentSettings;
  /** A file of settings with hooks in it, the person's `--settings` among them. */
  readonly hookSettings: string | null;
}

export interface AgentSettings {
  /** The program, when it is not the one found on PATH. */
  readonly path?: string;
  /** Arguments given before the task's own. */
  readonly args?: readonly string[];
  readonly permissionMode?: string;
}

export interface CommandSpec {
  readonly file: string;
  readonly args: readonly string[];
  /** Set besides the task's own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** `conversation`: these bytes are fed first, and the pipe stays open; `text`: these bytes, then end of file. */
  readonly stdin: { readonly kind: "conversation"; readonly first: string } | { readonly kind: "text"; readonly text: string };
}

/** What one line of an agent's stdout tells. */
export type AgentEvent =
  | { readonly type: "session"; readonly id: string }
  /** What it is doing, in a few words: `scanning src/api/`, `85 files processed`. */
  | { readonly type: "activity"; readonly text: string }
  /** A tool was called; `changes` is the file it writes, relative to the worktree where it can be. */
  | { readonly type: "tool"; readonly name: string; readonly detail: string; readonly changes?: string }
  /** A call failed, and why; `unchanged` is the file it was to write, unless another call wrote that. */
  | { readonly type: "tool-failed"; readonly name: string; readonly text: string; readonly unchanged?: string }
  /** The agent's own words. */
  | { readonly type: "said"; readonly text: string }
  /** A person is needed now; the process waits. */
  | {
      readonly type: "needs";
      readonly requestId: string;
      readonly needs: {
        readonly kind: NeedsKind;
        readonly text: string;
        readonly options?: readonly string[];
        readonly rules?: readonly string[];
      };
    }
  /** What was needed is settled; the agent goes on. */
  | { readonly type: "settled"; readonly requestId: string }
  /** What this run has spent; `earlier`: what a resumed session had spent before, as far as it knows. */
  | { readonly type: "cost"; readonly cost: Cost; readonly earlier?: Cost }
  | { readonly type: "summary"; readonly text: string }
  /** It has taken up a message of the person, by the id that was given with it; `begins`: just now. */
  | { readonly type: "heard"; readonly id: string; readonly begins: boolean }
  /** Worth a line in the task's record, e.g. a refused permission or a retry of the provider. */
  | { readonly type: "note"; readonly text: string }
  /** Anything else it printed: log. */
  | { readonly type: "log"; readonly text: string }
  /** The conversation is over and nothing is in flight: its input may be closed. */
  | { readonly type: "finished" }
  /** It keeps trying what cannot succeed (a refused login): end it now; `end` will say why. */
  | { readonly type: "hopeless" };

export interface Reader {
  /** One line without its newline. Never throws; a line it does not know gives nothing or a `log`. */
  read(line: string): readonly AgentEvent[];
  /** What to write into the conversation to answer a request; undefined when it is none of its open ones. Once given, the request counts as settled. */
  answer?(requestId: string, answer: Answer): { readonly text: string; readonly granted: readonly string[] } | undefined;
  /** A request that was answered before this reader began. */
  settle?(requestId: string): void;
  /** What to write into the conversation to say something to the agent; a second time with the same id (a UUID) it is passed over. */
  message?(text: string, id: string): string;
  /** The stream has ended: what does it come to? */
  end(exit: Exit): Ending;
}

export interface Agent {
  readonly name: string;
  /** Can a session be taken up again by its id? */
  readonly resumes: boolean;
  /** Does it tell hooks of what it does, as Claude Code does? */
  readonly takesHooks: boolean;
  command(spec: SessionSpec): CommandSpec;
  /** A fresh reader for one run's stdout; `root` is the worktree, to shorten paths. */
  reader(root: string): Reader;
  /** The interactive command that takes the session up in a terminal; null when there is none. */
  attach(sessionId: string, settings: AgentSettings): { readonly file: string; readonly args: readonly string[] } | null;
}
