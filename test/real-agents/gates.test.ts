/** Each gate with the real Claude Code: what it refuses and with which words, when it lets pass, and that every session comes to its end. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Gates } from "../../src/core/hook-settings.ts";
import { type Block, type MessagesBody, message, text, toolResults, turn, userTexts } from "../support/messages-api.ts";
import { type Tmux, tmux } from "../support/tmux.ts";
import { type Json, settle, type World, waitFor, world } from "./world.ts";

/** Calls of tools, or the words that end a turn. */
type Step = readonly Block[] | string;

const use = (name: string, input: object): Block => ({ type: "tool_use", name, input });
const bash = (command: string, more: object = {}): Block => use("Bash", { command, description: `Run ${command}`, ...more });
const behind = (command: string): Block => bash(command, { run_in_background: true });

/** What was heard of a session and said to it. */
async function logOf(box: World, id: string): Promise<Json[]> {
  const { stdout } = await box.copse(["hooks", "log", "--json", "--session", id]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** The gates that blocked, in their order. */
async function blocksOf(box: World, id: string): Promise<string[]> {
  const said = (await logOf(box, id)).flatMap((line) => line.said?.by ?? []);
  return said.filter((one: Json) => one.blocks !== undefined).map((one: Json) => one.name.replace(/^gate /, ""));
}

const heard = async (box: World, id: string, event: string): Promise<number> =>
  (await logOf(box, id)).filter((line) => line.event?.hook_event_name === event).length;

/** A `pytest` that takes until the file it is given exists. */
function putBuild(box: World): void {
  const file = join(box.dir, "bin", "pytest");
  writeFileSync(file, `#!/bin/sh\nwhile [ ! -e "${box.dir}/$1" ]; do sleep 0.1; done\necho passed\n`);
  chmodSync(file, 0o755);
}

const ends = (box: World, name: string): void => writeFileSync(join(box.dir, name), "");

function personGates(box: World, gates: Gates): void {
  const dir = join(box.env["HOME"] ?? "", ".config", "copse");
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "config.json"), JSON.stringify({ gates }));
}

function projectGates(repo: string, gates: Gates): void {
  mkdirSync(join(repo, ".worktrees"), { recursive: true });
  writeFileSync(join(repo, ".worktrees", "config.json"), JSON.stringify({ gates }));
}

/** The reasons and other words the model was given, request by request, of the conversations that have this word in them. */
function toldIn(box: World, word: string): string[] {
  const bodies = box.api.main().flatMap(({ body }) => (body !== null && userTexts(body).join("\n").includes(word) ? [body] : []));
  return bodies.map((body) => [...toolResults(body).map((one) => one.text), userTexts(body).at(-1)].join("\n"));
}

/** Answers each conversation by the word its prompt has. */
const answers = (steps: Readonly<Record<string, (body: MessagesBody) => Step | Promise<Step>>>) => async (body: MessagesBody) => {
  const said = userTexts(body).join("\n");
  const name = Object.keys(steps).find((word) => said.includes(word)) ?? "";
  const step = (await steps[name]?.(body)) ?? "no script";
  return typeof step === "string" ? text(step) : message(step);
};

test("no-duplicate-work, limit-background and stop-when-done: sessions with the hooks installed, and a task", async () => {
  const helper = { description: "Help", prompt: "FIFTH" };
  const again = [bash("CI=1 pytest one 2>&1 | tail -1"), behind("sleep 9"), bash("echo other")];
  const steps = {
    FIRST: (body: MessagesBody) =>
      [[behind("pytest one")], again, "done", "really done", [bash("pytest one")]][turn(body)] ?? "all is over",
    SECOND: (body: MessagesBody) => (turn(body) === 0 ? [bash("pytest one")] : "somebody tests already"),
    FREE: (body: MessagesBody) => [[behind("pytest two")], [behind("pytest two")]][turn(body)] ?? "free to end",
    CROWD: (body: MessagesBody) =>
      turn(body) > 0
        ? "enough"
        : [1, 2, 3].map((n) => use("Agent", { description: `Look ${n}`, prompt: "LOOK", subagent_type: "general-purpose" })),
    LOOK: () => "looked",
    HELPED: (body: MessagesBody) =>
      turn(body) > 0 ? "helped" : [use("Agent", { ...helper, run_in_background: false, subagent_type: "general-purpose" })],
    FIFTH: (body: MessagesBody) => {
      if (turn(body) === 1) ends(box, "five");
      const id = / \[(\w+), since /.exec(toolResults(body)[0]?.text ?? "")?.[1];
      const build = [bash("pytest five")];
      const begun = [[behind("pytest five")], [bash("sleep 1; echo waited")], build, build];
      return [...begun, [behind("echo more")], [use("TaskStop", { task_id: id })], [behind("echo more")]][turn(body)] ?? "that is all";
    },
    TASK: (body: MessagesBody) => {
      const id = / \[(\w+), since /.exec(userTexts(body).at(-1) ?? "")?.[1];
      return [[behind("pytest three")], "too early", [use("TaskStop", { task_id: id })]][turn(body)] ?? "nothing runs any more";
    },
  };
  const box = await world(answers(steps));
  try {
    const free = join(box.dir, "free");
    const helped = join(box.dir, "helped");
    for (const dir of [free, helped]) mkdirSync(dir);
    box.git(["init", "-q"], helped);
    settle(box, [box.repo, free, helped]);
    putBuild(box);
    personGates(box, { "limit-background": { machine: 2 } });
    projectGates(box.repo, { "no-duplicate-work": true, "stop-when-done": true, "limit-background": { session: 1 } });
    projectGates(helped, { "no-duplicate-work": true, "limit-background": { session: 1 } });
    assert.is((await box.copse(["hooks", "install", "--user"])).code, 0);
    const session = (words: string, cwd: string) => {
      const id = crypto.randomUUID();
      const ran = box.claude(["-p", words, "--session-id", id, "--allowedTools=Bash,Agent"], cwd);
      return { id, words: ran.then(({ stdout }) => stdout.trim().split("\n").at(-1)) };
    };

    const first = session("FIRST of all", box.repo);
    await waitFor(async () => (await heard(box, first.id, "Stop")) === 2, "the first session to wait for its work");
    const second = session("SECOND comes", box.repo);
    const other = session("FREE of the project", free);
    assert.is(await second.words, "somebody tests already");
    await waitFor(async () => (await heard(box, other.id, "Stop")) === 1, "the session outside of the project to wait for its work");
    ends(box, "one");
    ends(box, "two");
    assert.is(await first.words, "all is over", "the same build passes when the first is over");
    assert.is(await other.words, "free to end");
    const crowd = session("CROWD of agents", box.repo);
    const help = session("HELPED by another", helped);

    assert.equal(await blocksOf(box, first.id), ["no-duplicate-work", "limit-background", "stop-when-done"], "each once");
    const told = toldIn(box, "FIRST");
    assert.match(told[2] ?? "", /The same work is running already, since \S+: pytest one\. .*\(gate no-duplicate-work\)/);
    assert.match(
      told[2] ?? "",
      /As many background tasks as a session may have \(1\) are running: Run pytest one .*\(gate limit-background\)/,
    );
    assert.match(told[2] ?? "", /^other$/m, "what no gate is for is done");
    assert.match(told[3] ?? "", /Stop hook feedback:\nWork you started is still running: Run pytest one .*\(gate stop-when-done\)/);
    assert.match(told[5] ?? "", /^passed$/m);
    assert.equal(await blocksOf(box, second.id), ["no-duplicate-work"], "another session of the folder");
    assert.match(toldIn(box, "SECOND")[1] ?? "", /The same work is running already/);
    assert.equal(await blocksOf(box, other.id), ["limit-background"], "the machine's; the project's gates are off there");
    assert.match(toldIn(box, "FREE")[2] ?? "", /As many background tasks as this machine may have \(2\)/);

    assert.is(await crowd.words, "enough");
    const calls = (await blocksOf(box, crowd.id)).filter((gate) => gate === "limit-background");
    assert.is(calls.length, 2, "of three agents at once, one begins");
    assert.is(toldIn(box, "LOOK").length, 1);

    assert.is(await help.words, "helped");
    const once = ["no-duplicate-work", "limit-background"];
    assert.equal(
      await blocksOf(box, help.id),
      once,
      "the end of a subagent's background command is not heard: it is told once, or finds nothing to stop",
    );
    assert.match(toldIn(box, "FIFTH")[4] ?? "", /^passed$/m);

    const ran = await box.copse(["run", "-l", "careful", "--allow", "Bash", "TASK with a test"]);
    assert.is(ran.code, 0, ran.stdout + ran.stderr);
    const task = await box.task("careful");
    assert.equal([task.result.summary, await blocksOf(box, task.sessionId)], ["nothing runs any more", ["stop-when-done"]]);
    assert.match(toldIn(box, "TASK")[3] ?? "", /Successfully stopped task/, "by the id it was told");
  } finally {
    await box.close();
  }
});

test("a command the person interrupts does not hold up the next", async () => {
  const steps = {
    "AND NOW": (body: MessagesBody) => (turn(body) > 1 ? "it has passed" : [bash("pytest four")]),
    "BEGIN NOW": () => [bash("pytest four")],
  };
  const box = await world(answers(steps));
  try {
    settle(box, [box.repo]);
    putBuild(box);
    personGates(box, { "no-duplicate-work": true });
    assert.is((await box.copse(["hooks", "install", "--user"])).code, 0);
    const id = crypto.randomUUID();
    const screen = tmux(box, `claude --session-id ${id} --permission-mode acceptEdits --allowedTools=Bash`);
    try {
      await screen.shows("for agents");
      await say(screen, "BEGIN NOW");
      await screen.shows("$ pytest four");
      screen.press("Escape");
      await screen.shows("Interrupted");
      ends(box, "four");
      await say(screen, "AND NOW");
      await screen.shows("it has passed");
      await leave(screen);
    } finally {
      screen.close();
    }
    assert.equal(await blocksOf(box, id), []);
    assert.is(await heard(box, id, "PostToolUse"), 1);
  } finally {
    await box.close();
  }
});

test("teammate-idle, report-back and lead-stall: a team in an interactive session", async () => {
  const mate: readonly Step[] = [
    ...[[behind("pytest mate")], "I rest", [bash("pytest mate && sleep 1")], "I rest again"],
    ...[[use("SendMessage", { to: "team-lead", summary: "done", message: "all found" })], "I have told"],
    ...[[behind("pytest more")], "I rest once more", "I rest all the same"],
  ];
  const spawn = { name: "researcher", description: "Research it", prompt: "RESEARCH PLEASE", subagent_type: "general-purpose" };
  const steps = {
    "START THE TEAM": async (body: MessagesBody) => {
      const last = userTexts(body).at(-1) ?? "";
      if (turn(body) === 0) return [use("Agent", spawn)];
      if (last.includes("ASK AGAIN") && toolResults(body).length === 0)
        return [use("SendMessage", { to: "researcher", summary: "more", message: "ONE MORE" })];
      if (!last.includes("all found")) return "the lead rests";
      await waitFor(async () => (await heard(box, id, "TeammateIdle")) === 3, "the teammate to rest");
      return "the lead knows";
    },
    RESEARCH: (body: MessagesBody) => mate[turn(body)] ?? "nothing more",
  };
  const id = crypto.randomUUID();
  const box = await world(answers(steps), { env: { CLAUDE_CODE_EXPERIMENTAL_AGENT_TEAMS: "1" } });
  try {
    settle(box, [box.repo]);
    putBuild(box);
    personGates(box, { "teammate-idle": true, "report-back": true, "lead-stall": true });
    assert.is((await box.copse(["hooks", "install", "--user"])).code, 0);
    const settings = join(box.dir, "settings.json");
    writeFileSync(settings, JSON.stringify({ teammateMode: "in-process" }));
    const flags = "--permission-mode acceptEdits --allowedTools=Bash,Agent,SendMessage";
    const screen = tmux(box, `claude --session-id ${id} --settings ${settings} ${flags}`);
    const mateTold = () => toldIn(box, "RESEARCH PLEASE");
    try {
      await screen.shows("for agents");
      await say(screen, "START THE TEAM");
      await waitFor(() => mateTold().some((words) => words.includes("gate teammate-idle")), "the teammate to be sent back to its work");
      await waitFor(async () => (await heard(box, id, "Stop")) === 2, "the lead to rest");
      ends(box, "mate");
      await screen.shows("the lead knows");
      await waitFor(async () => (await heard(box, id, "Stop")) === 3, "the lead to end its turn");
      assert.equal(
        (await blocksOf(box, id)).sort(),
        ["lead-stall", "report-back", "teammate-idle"],
        "each once, and none for the lead's last",
      );
      const rests = /TeammateIdle hook feedback:\nWork you started is still running: Run pytest mate .*\(gate teammate-idle\)/;
      assert.match(mateTold()[2] ?? "", rests);
      assert.match(mateTold()[4] ?? "", /TeammateIdle hook feedback:\nYou have told nobody what you found\. .*\(gate report-back\)/);
      const stalls = /Stop hook feedback:\nTeammates still work: Research it \[\S+, since .*\(gate lead-stall\)/;
      assert.match(toldIn(box, "START THE TEAM")[2] ?? "", stalls);

      // Of a teammate that does nothing about it.
      await say(screen, "ASK AGAIN");
      await waitFor(async () => (await heard(box, id, "TeammateIdle")) === 5, "the teammate to rest all the same");
      await leave(screen, "Exit and stop tasks");
    } finally {
      screen.close();
    }
    const all = await blocksOf(box, id);
    assert.equal(
      all.filter((gate) => gate !== "lead-stall"),
      ["teammate-idle", "report-back", "teammate-idle"],
      "let go the second time; no report is asked for while its work runs",
    );
    const stops = (await logOf(box, id)).filter((line) => line.event?.hook_event_name === "Stop");
    const active = stops.filter((line) => line.event.stop_hook_active === true).length;
    assert.is(all.filter((gate) => gate === "lead-stall").length, active, "a lead that was held up once ends its turn");
    assert.is(await heard(box, id, "SessionEnd"), 1);
  } finally {
    await box.close();
  }
});

/** As a person does: what was typed is seen before Enter. */
async function say(screen: Tmux, words: string): Promise<void> {
  screen.type(words);
  await screen.shows(words);
  screen.press("Enter");
}

/** `asked`: the answer that stands ready when something still runs. */
async function leave(screen: Tmux, asked?: string): Promise<void> {
  screen.type("/exit");
  await screen.shows("Exit the CLI");
  screen.press("Enter");
  if (asked !== undefined) {
    await screen.shows(asked);
    screen.press("Enter");
  }
  await screen.ended();
}

test.run();
