/** Loaded before a test (`--require`): at its end it prints the CPU it took, with all that it started and waited for (Linux). Time by the clock says little on a machine that does other things as well. */
const { readFileSync, writeSync } = require("node:fs");

const ticksOfSecond = 100;

process.once("exit", () => {
  try {
    const [, after = ""] = /\) (.*)$/s.exec(readFileSync("/proc/self/stat", "latin1")) ?? [];
    // utime, stime, cutime, cstime: the 14th to 17th field; the first of `after` is the third.
    const ticks = after.split(" ").slice(11, 15).map(Number);
    writeSync(1, `\n  CPU: ${ticks.reduce((sum, one) => sum + one) / ticksOfSecond}\n`);
  } catch {
    // Not Linux, or nobody listens: the figure is left out.
  }
});
