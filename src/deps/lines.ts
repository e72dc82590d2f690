/** What of a program's output says why it failed. Pure. */

const most = 12;
const widest = 300;

const telling =
  /\b(?:not ok|fail(?:ed|ure|ing|s)?|error|err!|exception|expected|actual|assert\w*|cannot|could not|E[A-Z]{4,})\b|[✖✗✘×]|^➤ YN(?!0000)\d{4}: /i;
/** What yarn 2 and newer tells of its steps, and what it tells by the way: build scripts, peers, archives, deprecations, what was added. */
const byTheWay = /^➤ (?:YN0000: [·┌└]|YN(?:0002|0004|0005|0006|0007|0008|0013|0019|0020|0050|006[0189]|0073|0076|008[5-8]): )/;
const noise = /^(?:npm (?:err!|error) A complete log|npm (?:err!|error)\s*$|> |\s*$)|^\s*at .*\bnode:internal\b/i;

/** The lines that tell most, in their order, or the last ones where none does. */
export function tellingLines(output: string): string[] {
  const lines = output
    .split("\n")
    .filter((line) => !noise.test(line) && !byTheWay.test(line))
    .map((line) => (line.length > widest ? `${line.slice(0, widest)}…` : line.trimEnd()));
  const some = lines.filter((line) => telling.test(line));
  return (some.length > 0 ? some.slice(0, most) : lines.slice(-most)).filter((line) => line !== "");
}

/** Did it fail for something that is no fault of an update: the network, the registry, the disk? */
export function isOutside(output: string): boolean {
  return /\bResponse Code: (?:401|403|429|5\d\d)\b|\bYN0041: |\b(?:ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FETCH_ERROR|ENETUNREACH|EHOSTUNREACH|ENOSPC|EDQUOT|EIDLETIMEOUT|E401|E403|E429|E5\d\d|SELF_SIGNED_CERT\w*|UNABLE_TO_\w+)\b/.test(
    output,
  );
}

/** Has it said anything but warnings? npm ends without a word when the registry falls silent, or the disk is full. */
export function saysNothing(output: string): boolean {
  return output.split("\n").every((line) => noise.test(line) || byTheWay.test(line) || /^(?:npm )?(?:warn|notice)\b/i.test(line));
}
