#!/usr/bin/env node
// Stands in for Claude Code as far as hooks go: brings events to the address in its settings, with its token, and writes what it was answered to hooks-answered.json.
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";

const after = (flag) => process.argv[process.argv.lastIndexOf(flag) + 1];
const settings = JSON.parse(readFileSync(after("--settings"), "utf8"));
const session_id = after(process.argv.includes("--resume") ? "--resume" : "--session-id");
const [{ url, headers }] = settings.hooks.Stop.at(-1).hooks;

const send = (event) =>
  new Promise((resolve) => {
    const asked = request(url, { method: "POST", headers: { ...headers, "content-type": "application/json" } }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode, said: JSON.parse(text) }));
    });
    asked.on("error", (error) => resolve({ status: 0, said: error.message }));
    asked.end(JSON.stringify({ cwd: process.cwd(), prompt_id: "p", ...event }));
  });

const call = (id) => ({ hook_event_name: "PreToolUse", tool_name: "Bash", tool_use_id: id, tool_input: { command: "ls" } });
const own = await send({ session_id, ...call("1") });
const foreign = await send({ session_id: "11111111-1111-4111-8111-111111111111", ...call("1") });
writeFileSync("hooks-answered.json", JSON.stringify({ events: Object.keys(settings.hooks), theirs: settings.model ?? null, own, foreign }));
const result = {
  type: "result",
  subtype: "success",
  is_error: false,
  terminal_reason: "completed",
  result: "called",
  session_id,
  usage: {},
};
for (const line of [{ type: "system", subtype: "init", session_id }, result]) console.log(JSON.stringify(line));
