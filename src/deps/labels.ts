/** What tasks about updates are called: readable as a branch, and the same for the same updates whenever they are handed over. Pure but for the hash. */

import { sha256 } from "../core/hash.ts";
import { slugOf } from "../core/label.ts";

/** As long as a slug may be. */
const longest = 48;
const hashLength = 6;

/** Of what is alike in letters and digits, each gets some of its hash. `keys`: as `name@version`, of several joined by blanks. */
export function labelsOf(word: string, keys: readonly string[]): Map<string, string> {
  const plain = keys.map((key) => plainOf(word, key));
  return new Map(
    keys.map((key, i) => {
      const label = plain[i] as string;
      const isShared = plain.some((other, j) => other === label && keys[j] !== key);
      return [key, label.length <= longest && !isShared && slugOf(label) === label ? label : hashed(label, key)];
    }),
  );
}

const dashed = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");

const plainOf = (word: string, key: string): string => dashed(`${word}-${key}`);

const hashed = (label: string, key: string): string =>
  `${label.slice(0, longest - hashLength - 1).replace(/-+$/, "")}-${sha256(key).slice(0, hashLength)}`;
