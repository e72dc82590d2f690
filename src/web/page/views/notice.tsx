/** An error as the command line has it: what happened, and what to do next. */

interface Props {
  readonly error: { readonly message: string; readonly hint: string | null };
}

import { shown } from "../pure/text.ts";

export const Trouble = ({ error }: Props) => (
  <div class="card bad" role="alert">
    <p class="said">{shown(error.message)}</p>
    {error.hint !== null && <p class="said">Next: {shown(error.hint)}</p>}
  </div>
);
