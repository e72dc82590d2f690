/** A table with its heads; what is wider than the page scrolls by itself. */
import type { ComponentChildren } from "preact";

interface Props {
  readonly heads: readonly string[];
  /** For those who hear the page, where no heading stands above it. */
  readonly caption?: string;
  /** The rows. */
  readonly children: ComponentChildren;
}

export const Grid = ({ heads, caption, children }: Props) => (
  <div class="wide">
    <table class="grid">
      {caption === undefined ? null : <caption class="unseen">{caption}</caption>}
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
);
