/** What a task knows of the batch it was made by. */
import type { Prerequisite } from "./task.ts";

export interface OfBatch {
  /** The batch it was made by; left out, with what follows, where a person asked for it alone. */
  readonly batch?: string;
  /** The task's own name within the batch, for good. */
  readonly batchKey?: string;
  /** What was asked there, as one number: another when the file asks for something else. */
  readonly batchContent?: string;
  /** Keys of the tasks of the batch that come before it. */
  readonly batchNeeds?: readonly string[];
  /** Its work goes into the batch's one pull request. */
  readonly joins?: true;
  /** It puts the others' work together, and has that one pull request. */
  readonly joint?: true;
  /** Of a joint task: those it has put together before, and that the batch's file has no more. */
  readonly left?: readonly Prerequisite[];
  /** The issue of the forge it was made for. */
  readonly issue?: OfIssue;
}

export interface OfIssue {
  readonly number: number;
  readonly url: string;
  /** Its pull request says that it fixes the issue, so merging that closes it. */
  readonly closes: boolean;
}
