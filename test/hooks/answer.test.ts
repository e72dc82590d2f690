/** What hooks answer, one by one and several as one, and which hooks an event is for. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Answer, answerOf, blocking, blocks, merged } from "../../src/hooks/answer.ts";
import { hooksFor, matches } from "../../src/hooks/matcher.ts";

const ended = (exitCode: number | null, stdout = "", stderr = "") => ({ name: "h", exitCode, stdout, stderr });
const pre = (fields: object): Answer => ({ hookSpecificOutput: { hookEventName: "PreToolUse", ...fields } });

test("exit codes and printed text as Claude Code takes them", () => {
  assert.equal(answerOf("Stop", ended(0)), {});
  assert.equal(answerOf("Stop", ended(0, "plain words")), {});
  assert.equal(answerOf("Stop", ended(0, ' {"decision":"block","reason":"no"} ')), { decision: "block", reason: "no" });
  assert.equal(answerOf("UserPromptSubmit", ended(0, "context")), {
    hookSpecificOutput: { hookEventName: "UserPromptSubmit", additionalContext: "context" },
  });
  assert.equal(answerOf("Stop", ended(2, '{"decision":"approve"}', "not yet\n")), { decision: "block", reason: "not yet" });
  assert.equal(answerOf("TeammateIdle", ended(2, "", "go on")), { decision: "block", reason: "go on" });
  assert.equal(answerOf("PreToolUse", ended(2, "", "no")), pre({ permissionDecision: "deny", permissionDecisionReason: "no" }));
  assert.equal(answerOf("PermissionRequest", ended(2, "", "no")), {
    hookSpecificOutput: { hookEventName: "PermissionRequest", decision: { behavior: "deny", message: "no" } },
  });
  assert.equal(answerOf("Notification", ended(2, "", "seen")), { systemMessage: "hook h: seen" }, "it can keep nothing from happening");
  assert.equal(answerOf("Stop", ended(1, "", "broken\nmore")), { systemMessage: "hook h: exit code 1: broken" });
  assert.equal(answerOf("Stop", ended(null)), { systemMessage: "hook h: did not end" });
  assert.equal(answerOf("Stop", ended(0, "{not json")), { systemMessage: "hook h: printed JSON that is not valid" });
});

test("several answers: the strictest permission with its reasons, any block, any stop, all texts, the last of anything else", () => {
  const allow = pre({ permissionDecision: "allow", permissionDecisionReason: "fine", updatedInput: { a: 1 } });
  const ask = pre({ permissionDecision: "ask", permissionDecisionReason: "sure?" });
  const deny = pre({ permissionDecision: "deny", permissionDecisionReason: "never" });
  const output = (...answers: Answer[]) => merged("PreToolUse", answers)["hookSpecificOutput"] as Record<string, unknown>;
  for (const order of [
    [allow, ask, deny],
    [deny, ask, allow],
    [ask, deny, allow],
  ])
    assert.equal(output(...order), { hookEventName: "PreToolUse", permissionDecision: "deny", permissionDecisionReason: "never" });
  assert.equal(output(ask, allow), { hookEventName: "PreToolUse", permissionDecision: "ask", permissionDecisionReason: "sure?" });
  assert.equal(output(allow, pre({ permissionDecision: "allow", updatedInput: { a: 2 } })), {
    ...{ hookEventName: "PreToolUse", permissionDecision: "allow", permissionDecisionReason: "fine" },
    updatedInput: { a: 2 },
  });
  assert.equal(output(pre({ additionalContext: "one" }), {}, pre({ additionalContext: "two" }))["additionalContext"], "one\ntwo");
  assert.equal(merged("Stop", [{ decision: "block", reason: "a" }, { systemMessage: "s" }, { decision: "block", reason: "b" }]), {
    ...{ decision: "block", reason: "a\nb" },
    systemMessage: "s",
  });
  assert.equal(merged("Stop", [{ decision: "approve", reason: "ok" }, blocking("Stop", "no")]), { decision: "block", reason: "no" });
  assert.equal(merged("Stop", [{ continue: false, stopReason: "enough" }, { continue: true }]), { continue: false, stopReason: "enough" });
  const asked = (behavior: string) => ({ hookSpecificOutput: { hookEventName: "PermissionRequest", decision: { behavior } } });
  for (const order of [
    [asked("allow"), asked("deny")],
    [asked("deny"), asked("allow")],
  ])
    assert.equal(merged("PermissionRequest", order), asked("deny"));
  assert.equal(merged("Stop", []), {});
  assert.equal([blocks({}), blocks(deny), blocks(asked("deny")), blocks({ continue: false })], [undefined, "never", "", ""]);
});

test("matchers: exact names, lists, patterns, everything; events without a subject are for every matcher", () => {
  const tool = (tool_name: string) => ({ hook_event_name: "PreToolUse", session_id: "s", tool_name });
  for (const [matcher, name, fits] of [
    [undefined, "Bash", true],
    ["", "Bash", true],
    ["*", "Bash", true],
    ["Bash", "Bash", true],
    ["Bas", "Bash", false],
    ["Edit|Write", "Write", true],
    ["Edit, Write", "Write", true],
    ["Edit|Write", "NotebookWrite", false],
    ["mcp__.*__write.*", "mcp__files__write_file", true],
    ["^Note", "NotebookEdit", true],
    ["(", "Bash", false],
  ] as const)
    assert.is(matches(matcher, tool(name)), fits, `${matcher} and ${name}`);
  assert.ok(matches("anything", { hook_event_name: "Stop", session_id: "s" }));
  assert.ok(matches("startup", { hook_event_name: "SessionStart", session_id: "s", source: "startup" }));
  assert.not(matches("startup", { hook_event_name: "SessionStart", session_id: "s", source: "resume" }));
  const hook = { type: "command", command: "x" } as const;
  const hooks = { PreToolUse: [{ matcher: "Bash", hooks: [hook] }, { hooks: [hook, { ...hook, args: ["y"] }] }] };
  assert.is(hooksFor(hooks, tool("Bash")).length, 2, "the same twice is one");
  assert.equal(hooksFor(hooks, { hook_event_name: "constructor", session_id: "s" }), []);
});

test.run();
