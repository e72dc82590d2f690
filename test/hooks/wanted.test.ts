/** What stands in Claude Code's settings: how long an agent may be held at an event by a runner that hangs. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { wantedOfSessions, wantedOfTask } from "../../src/hooks/wanted.ts";
import { stateFolder } from "../support/task-made.ts";

test("where an answer decides, a hook has the time of the longest one of a person's; where nothing hangs on it, a minute", () => {
  const { state, remove } = stateFolder();
  try {
    for (const wanted of [wantedOfSessions(state), wantedOfTask(state, "abc", false)]) {
      const seconds = (event: string) => wanted[event]?.flatMap(({ hooks }) => hooks).find(({ type }) => type === "http")?.["timeout"];
      for (const event of ["SessionEnd", "Notification", "StopFailure", "PostCompact", "InstructionsLoaded", "PostModelSwitch"])
        assert.is(seconds(event), 60, event);
      const decides = ["PreToolUse", "PermissionRequest", "PermissionDenied", "Stop", "SubagentStop", "TeammateIdle", "UserPromptSubmit"];
      // What they say reaches the agent.
      const tells = ["PostToolUse", "SubagentStart", "CwdChanged", "Elicitation", "ConfigChange", "PreCompact"];
      for (const event of [...decides, ...tells]) assert.is(seconds(event), 620, event);
    }
  } finally {
    remove();
  }
});

test.run();
