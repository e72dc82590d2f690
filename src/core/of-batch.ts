/** What a task knows of the batch it was made by. */

export interface OfBatch {
  /** The batch it was made by; left out, with what follows, where a person asked for it alone. */
  readonly batch?: string;
  /** The task's own name within the batch, for good. */
  readonly batchKey?: string;
  /** What was asked there, as one number: another when the file asks for something else. */
  readonly batchContent?: string;
  /** Keys of the tasks of the batch that come before it. */
  readonly batchNeeds?: readonly string[];
}
