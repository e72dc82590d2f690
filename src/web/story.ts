/** A task's life in the sentences of `show`, each with the event it is of. Pure. */
import { sentence } from "../cli/view/story.ts";
import type { TaskEvent } from "../core/events.ts";
import { redact } from "../core/redact.ts";
import { safeLine } from "../core/safe.ts";
import type { Sentence } from "./api.ts";

export const sentences = (events: readonly TaskEvent[]): Sentence[] =>
  events.flatMap((event) => {
    const text = sentence(event);
    return text === undefined ? [] : [{ seq: event.seq, at: event.at, text: safeLine(redact(text), 300) }];
  });
