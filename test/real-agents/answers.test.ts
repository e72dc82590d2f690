import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Block, type MessagesBody, type Reply, text, toolResults, toolUse, userTexts } from "../support/messages-api.ts";
import { kill, runnerPid } from "../support/sandbox.ts";
import { byPrompt, gate, type Json, processesOfTask, recorded, type World, waitFor, world } from "./world.ts";

const files = { "mark.cjs": 'require("fs").appendFileSync("marks", process.argv[2] + "\\n"); console.log("marked")\n' };
const mark = (what: string) => toolUse("Bash", { command: `node mark.cjs ${what}`, description: "Mark" });
const question = {
  question: "Which database?",
  header: "Database",
  multiSelect: false,
  options: [
    { label: "Postgres", description: "a server" },
    { label: "SQLite", description: "a file" },
  ],
};

const blocksOf = (body: MessagesBody): readonly Block[] =>
  body.messages.flatMap(({ content }) => (typeof content === "string" ? [{ type: "text", text: content }] : content));
const marked = (body: MessagesBody) =>
  blocksOf(body).filter((block) => block.type === "tool_result" && JSON.stringify(block.content ?? "").includes("marked")).length;
/** What the model was told last: a call's result, or, in a session taken up again, the person's words. */
function told(body: MessagesBody): string {
  const words = userTexts(body).at(-1) ?? "";
  return /^(Granted|Refused|The answer|Your plan|About)/.test(words) ? words : (toolResults(body)[0]?.text ?? "");
}

/** Makes these calls one after the other, each until it has worked. */
const calls =
  (...wanted: readonly string[]) =>
  (body: MessagesBody): Reply => {
    const next = wanted[marked(body)];
    const refused = told(body);
    if (next === undefined || /frozen/.test(refused)) return text(`Heard: ${refused}`);
    return mark(next);
  };
function asks(body: MessagesBody): Reply {
  return told(body) === "" ? toolUse("AskUserQuestion", { questions: [question] }) : text(`Heard: ${told(body)}`);
}
function plans(name: string): (body: MessagesBody) => Reply {
  const wrote = (body: MessagesBody) => blocksOf(body).filter((block) => block.type === "tool_use" && block.name === "Write").length > 0;
  return (body) => {
    const words = told(body);
    if (wrote(body)) return text("Planned and done.");
    if (words === "") return toolUse("ExitPlanMode", { plan: "1. Add everything" });
    if (/too big/.test(words)) return toolUse("ExitPlanMode", { plan: "1. Add one thing" });
    return toolUse("Write", { file_path: join(`@${name}`, "planned.txt"), content: "planned\n" });
  };
}

interface Case {
  readonly label: string;
  readonly words?: readonly string[];
  /** What is asked, and what is said to it, in turn. */
  readonly rounds: readonly (readonly [kind: string, asked: string, ...said: string[]])[];
  check(box: World, done: Json): void;
}

const shows = (box: World, label: string, file: string) => box.git(["show", `copse/${label}:${file}`]);
const heard = (words: RegExp) => (_: World, done: Json) => assert.match(done.result.summary, words);
const cases: readonly Case[] = [
  {
    label: "allow",
    rounds: [["permission", "Bash: node mark.cjs allow", "approve"]],
    check: (box) => assert.is(shows(box, "allow", "marks"), "allow\n"),
  },
  {
    label: "deny",
    rounds: [["permission", "Bash: node mark.cjs deny", "deny", "the build is frozen"]],
    check(box, done) {
      assert.match(done.result.summary, /the build is frozen/);
      assert.is(done.result.outcome, "no-changes");
      assert.ok(box.api.main().some(({ body }) => JSON.stringify(body).includes("the build is frozen")));
    },
  },
  { label: "words", rounds: [["question", "Which database?", "send", "Use Oracle"]], check: heard(/Use Oracle/) },
  { label: "number", rounds: [["question", "Which database?", "answer", "2"]], check: heard(/SQLite/) },
  {
    label: "plan",
    words: ["--permission-mode", "plan"],
    rounds: [["plan", "1. Add everything", "approve"]],
    check: (box) => assert.is(shows(box, "plan", "planned.txt"), "planned\n"),
  },
  {
    label: "revise",
    words: ["--permission-mode", "plan"],
    rounds: [
      ["plan", "1. Add everything", "deny", "too big"],
      ["plan", "1. Add one thing", "approve"],
    ],
    check: (box) => assert.is(shows(box, "revise", "planned.txt"), "planned\n"),
  },
  {
    label: "always",
    rounds: [
      ["permission", "Bash: node mark.cjs one", "approve", "--always"],
      ["permission", "Bash: node mark.cjs two", "approve"],
    ],
    check: (box) => assert.is(shows(box, "always", "marks"), "one\none\ntwo\none\n"),
  },
];

/** Asks and answers every case, side by side; `between` comes to pass between question and answer, `after` between answer and effect. */
async function converse(options: {
  readonly env?: Record<string, string>;
  readonly config?: object;
  readonly between?: (box: World, blocked: readonly Json[]) => Promise<void>;
  readonly before?: (box: World) => void;
  readonly after?: (box: World, label: string, more: boolean) => Promise<void>;
  readonly attempts: (one: Case) => number;
}): Promise<void> {
  let box: World | undefined;
  const inTree = (script: (body: MessagesBody) => Reply, label: string) => (body: MessagesBody) => {
    const reply = JSON.stringify(script(body)).replaceAll(`@${label}/`, `${box?.tree(label)}/`);
    return JSON.parse(reply) as Reply;
  };
  box = await world(
    byPrompt({
      "Do allow": calls("allow"),
      "Do deny": calls("deny"),
      "Do words": asks,
      "Do number": asks,
      "Do plan": inTree(plans("plan"), "plan"),
      "Do revise": inTree(plans("revise"), "revise"),
      "Do always": calls("one", "one", "two", "one"),
    }),
    { files, env: { COPSE_LIMIT: "8", ...options.env } },
  );
  try {
    if (options.config) {
      const dir = join(box.env["HOME"] ?? "", ".config", "copse");
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, "config.json"), JSON.stringify(options.config));
    }
    for (const { label, words = [] } of cases) {
      const ran = await box.copse(["run", "-b", "-l", label, ...words, `Do ${label}`]);
      assert.is(ran.code, 0, ran.stderr);
    }
    const sessions = new Map<string, string>();
    for (let round = 0; ; round++) {
      const now = cases.filter(({ rounds }) => rounds.length > round);
      if (now.length === 0) break;
      await box.copse(["wait", ...now.map(({ label }) => label)]);
      const blocked: Json[] = [];
      for (const { label, rounds } of now) {
        const task = await box.until(label, "blocked");
        const [kind, asked] = rounds[round] ?? [];
        assert.equal([task.needs.kind, task.needs.text], [kind, asked], label);
        assert.is(sessions.get(label) ?? task.sessionId, task.sessionId);
        sessions.set(label, task.sessionId);
        blocked.push(task);
      }
      await options.between?.(box, blocked);
      for (const { label, rounds } of now) {
        const [, , verb = "", ...said] = rounds[round] ?? [];
        options.before?.(box);
        const ran = await box.copse([verb, label, ...said]);
        assert.is(ran.code, 0, `${label}: ${ran.stderr}`);
        await options.after?.(box, label, rounds.length > round + 1);
      }
    }
    await box.copse(["wait", ...cases.map(({ label }) => label)]);
    for (const one of cases) {
      const done = await box.until(one.label, "completed");
      one.check(box, done);
      assert.equal([done.sessionId, done.needs, done.attempt], [sessions.get(one.label), null, options.attempts(one)], one.label);
      const { events } = await box.json(["show", one.label]);
      const count = (type: string) => events.filter((event: Json) => event.type === type).length;
      assert.equal([count("answered"), count("answer-given")], [one.rounds.length, one.rounds.length], one.label);
    }
  } finally {
    await box.close();
  }
}

test("answers reach the agent that waits for them", async () => {
  await converse({ attempts: () => 1 });
});

test("answers survive runners killed after the question and again before they have noted what they passed on", async () => {
  const dir = mkdtempSync(join(tmpdir(), "copse-answers-"));
  const token = join(dir, "token");
  try {
    await converse({
      env: { COPSE_CRASH_AT: `before-answer-given:1:${token}` },
      // A runner that the agents' own hooks start would not know where it is to die.
      config: { agents: { claude: { args: ["--settings", '{"disableAllHooks":true}'] } } },
      attempts: () => 1,
      async between(box) {
        kill(runnerPid(box.state) as number);
        await waitFor(() => runnerPid(box.state) === undefined, "the runner to be gone");
      },
      before: () => writeFileSync(token, ""),
      async after(box, label, more) {
        await waitFor(() => !existsSync(token), `the runner to be killed with the answer of ${label}`);
        const task = await box.task(label);
        const questions = () => recorded(box, task).filter((line) => line.type === "control_request").length;
        // The next runner finds another question open than the one that was answered.
        if (more) await waitFor(() => questions() === 2, `the next question of ${label}`);
        await box.copse(["wait", label, "--timeout", "1s"]);
      },
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("answers resume a session that was parked, and what was approved is not asked again", async () => {
  await converse({
    config: { holdMinutes: 0.02 },
    attempts: ({ rounds }) => 1 + rounds.length,
    async between(box, blocked) {
      for (const { id, label } of blocked) {
        await waitFor(async () => (await box.task(label)).pid === null, `${label} to be parked`);
        assert.equal(processesOfTask(id), [], label);
        assert.is((await box.task(label)).state, "blocked");
      }
    },
  });
});

test("with one slot: it is free while a task asks, the answer waits for it; of two answers one is taken; nothing that was sent is lost", async () => {
  const held = gate();
  const box = await world(
    byPrompt({
      "Do ask": asks,
      "Do end": calls("never"),
      "Do hold": async (body) => {
        await held.opened;
        return text(`Held ${body.messages.length}`);
      },
      "Do late": () => text("Late."),
    }),
    { files, env: { COPSE_LIMIT: "1" } },
  );
  try {
    for (const label of ["ask", "end"]) {
      await box.copse(["run", "-b", "-l", label, `Do ${label}`]);
      await box.until(label, "blocked");
    }
    await box.copse(["run", "-b", "-l", "hold", "Do hold"]);
    await waitFor(() => box.api.main().some(({ body }) => userTexts(body as never).includes("Do hold")), "the only slot to be taken");
    await box.copse(["run", "-b", "-l", "late", "Do late"]);
    assert.is((await box.task("late")).sessionId, null);
    for (const label of ["late", "hold"]) {
      const sent = await box.copse(["send", label, `remark for ${label}`]);
      assert.is(sent.code, 0, sent.stderr);
    }

    const both = await Promise.all(["Postgres", "SQLite"].map((words) => box.copse(["send", "ask", words])));
    assert.equal(both.map(({ code }) => code).sort(), [0, 4], JSON.stringify(both));
    const taken = both[0]?.code === 0 ? "Postgres" : "SQLite";
    assert.match(both.find(({ code }) => code === 4)?.stderr ?? "", /ask has been answered already/);
    const waiting = await box.task("ask");
    assert.equal([waiting.state, waiting.waitingFor.kind], ["queued", "slot"]);

    assert.is((await box.copse(["approve", "end"])).code, 0);
    assert.is((await box.copse(["approve", "end"])).code, 4);
    const { id } = await box.task("end");
    assert.ok(processesOfTask(id).length > 0, "its agent still waits");
    const stop = await box.copse(["stop", "end"]);
    assert.is(stop.code, 0, stop.stderr);
    assert.equal(processesOfTask(id), []);
    assert.equal([(await box.task("end")).state, (await box.task("end")).result.outcome], ["stopped", "no-changes"]);

    held.open();
    const answered = await box.until("ask", "completed");
    assert.match(answered.result.summary, new RegExp(taken));
    const last = box.api.main().findLast(({ body }) => userTexts(body as never).includes("Do ask"))?.body as MessagesBody;
    const given = blocksOf(last).filter((block) => block.type === "tool_result");
    assert.is(given.length, 1, "delivered once");
    for (const label of ["hold", "late"]) {
      await box.until(label, "completed");
      const bodies = box.api.main().filter(({ body }) => userTexts(body as never).includes(`Do ${label}`));
      const times = JSON.stringify(bodies.at(-1)?.body?.messages).split(`remark for ${label}`).length - 1;
      assert.is(times, 1, `the remark for ${label} is in the last conversation once`);
    }
    const late = await box.copse(["send", "late", "too late"]);
    assert.is(late.code, 4);
  } finally {
    held.open();
    await box.close();
  }
});

test.run();
