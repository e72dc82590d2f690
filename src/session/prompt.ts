/** What a run is told first: the task's prompt, its next follow-up, or how a session that was interrupted goes on. */
import { readFileSync } from "node:fs";
import { stepOf, stepToGive } from "../core/chain.ts";
import type { Task } from "../core/task.ts";
import { promptFile } from "../store/paths.ts";

export interface FirstWords {
  readonly text: string;
  /** The follow-up this run is given; undefined for the prompt itself, and where one that was begun goes on. */
  readonly step: number | undefined;
}

/** `resume`: an earlier session hears it. A run without one is given the whole prompt of the step it is at. */
export function firstWords(task: Task, dir: string, resume: boolean): FirstWords {
  const step = stepOf(task);
  const begins = stepToGive(task);
  if (!resume) return { text: readFileSync(promptFile(dir, step), "utf8"), step: begins };
  const text = begins === undefined ? goOn(task, dir) : [readFileSync(promptFile(dir, step), "utf8"), ...meanwhile(task)].join("\n\n");
  return { text, step: begins };
}

/** What a session is told that goes on: the answer it waited for, and whatever else a person sent. */
function goOn(task: Task, dir: string): string {
  const { answer, messages } = task;
  if (answer !== null) return [answered(answer), ...messages.map(({ text }) => text)].join("\n\n");
  if (messages.length > 0 && messages.every(({ by }) => by === "checks"))
    return [
      "After you had left, the project's own checks were run on your work, and one failed. Mend the work, not the check; then end your turn.",
      ...messages.map(({ text }) => text),
    ].join("\n\n");
  // A follow-up is named again: the session may have been cut off before it had taken it up.
  const step = stepOf(task);
  const again = step === 0 ? [] : [readFileSync(promptFile(dir, step), "utf8")];
  const what = step === 0 ? "the task" : "what you were asked last";
  if (messages.length > 0) return [`Go on with ${what}.`, ...again, ...meanwhile(task)].join(step === 0 ? " " : "\n\n");
  return [`You were interrupted. Go on with ${what} where you stopped${step === 0 ? "." : ":"}`, ...again].join("\n\n");
}

const meanwhile = ({ messages }: Task): string[] =>
  messages.length === 0 ? [] : [["The person has sent you this meanwhile:", ...messages.map(({ text }) => text)].join("\n\n")];

function answered({ answer, needs }: NonNullable<Task["answer"]>): string {
  const asked = needs.kind === "plan" ? "your plan" : `what you asked (${needs.text})`;
  switch (answer.kind) {
    case "allow":
      return needs.kind === "plan"
        ? "Your plan is approved. Carry it out."
        : `Granted: ${needs.text}. Make that very call again and go on.`;
    case "deny":
      return needs.kind === "question"
        ? `The person would not answer your question (${needs.text}): ${answer.why}`
        : `Refused: ${asked}. ${answer.why}`;
    case "text":
      return needs.kind === "question"
        ? `The answer to your question (${needs.text}): ${answer.text}`
        : `About ${asked}: not as it stands. ${answer.text}`;
  }
}
