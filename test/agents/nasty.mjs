#!/usr/bin/env node
// Agents that misbehave, by the name of what they do.
import { spawn } from "node:child_process";
import { closeSync, existsSync, writeFileSync, writeSync } from "node:fs";

const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const background = (detached) => spawn("sleep", ["600"], { detached, stdio: "ignore" }).unref();
/** Writes all of a buffer to stdout, however often that is needed, without holding more. */
const pour = (data) => {
  for (let at = 0; at < data.length; ) at += writeSync(1, data, at);
};

const kinds = {
  deaf() {
    process.on("SIGTERM", () => {});
    process.on("SIGINT", () => {});
    say({ copse: "activity", text: "deaf" });
    setInterval(() => {}, 1000);
  },
  setsid() {
    background(true);
    writeFileSync("done.txt", "done\n");
    process.exit(0);
  },
  server() {
    background(false);
    writeFileSync("done.txt", "done\n");
    process.exit(0);
  },
  gigabyte() {
    const line = Buffer.from(`${"x".repeat(199)}\n`);
    const block = Buffer.concat(Array.from({ length: 5000 }, () => line));
    for (let n = 0; n < 1000; n++) pour(block);
    say({ copse: "summary", text: "said a gigabyte" });
  },
  "long-lines"() {
    for (let n = 0; n < 20; n++) pour(Buffer.from(`${"m".repeat(1_000_000)}\n`));
    pour(Buffer.concat([Buffer.alloc(20_000_000, "L"), Buffer.from("\n")]));
    say({ copse: "summary", text: "behind the long lines" });
  },
  bytes() {
    pour(Buffer.from([0xff, 0xfe, 0x0a, 0x00, 0x41, 0x00, 0x0a, 0xc3, 0x28, 0x0a]));
    pour(Buffer.from("\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m\rback\b\u202etxt\u009b31m\n"));
    say({ copse: "activity", text: "\x1b[2J\x1b]52;c;ZXZpbA==\x07clean\u202e\r" });
    say({ copse: "summary", text: "\x1b[31mred\x1b[0m \u202esummary\u0000" });
  },
  nothing() {},
  liar() {
    say({ copse: "summary", text: "I rewrote everything, all tests pass." });
  },
  signal() {
    process.kill(process.pid, "SIGABRT");
  },
  mute() {
    closeSync(1);
    closeSync(2);
    setTimeout(() => {
      writeFileSync("done.txt", "done\n");
      process.exit(0);
    }, 300);
  },
  chatter() {
    let text = "";
    for (let n = 1; n <= 100_000; n++) text += `${JSON.stringify({ copse: "activity", text: `${n} files processed` })}\n`;
    pour(Buffer.from(text));
    const until = () => (existsSync("go-on") ? process.exit(0) : setTimeout(until, 50));
    until();
  },
  waits() {
    say({ copse: "activity", text: "waits" });
    setInterval(() => {}, 1000);
  },
};
kinds[process.argv[2]]();
