/** Who may start while a login's gate is closed, and who goes first when it opens. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Task } from "../../src/core/task.ts";
import { Gates, reasonOf } from "../../src/runner/gate.ts";

const at = (minute: number, second = 0) => new Date(Date.UTC(2026, 0, 1, 12, minute, second));
const iso = (minute: number, second = 0) => at(minute, second).toISOString();
const task = (id: string, since = iso(0)) => ({ id, since });
const gates = () => new Gates(() => 0);

test("a limit closes admission and parks what runs until the reset; then one goes first, and its answer lets the others follow", () => {
  const gate = gates();
  assert.equal(gate.close("me", "limit", iso(30), "5-hour limit", at(1)).isNew, true);
  assert.equal(gate.close("me", "limit", iso(30), "5-hour limit", at(2)).isNew, false, "the second that meets it is no news");
  assert.is(gate.closed("me", task("a"), iso(29))?.until, iso(30));
  assert.is(gate.parks("me", iso(29))?.until, iso(30));
  assert.is(gate.closed("another", task("a"), iso(29)), null, "another login is not concerned");
  assert.is(gate.mayStart("me", task("a"), iso(29)), false);
  assert.is(gate.mayStart("me", task("a"), iso(31)), true);
  assert.is(gate.mayStart("me", task("b"), iso(31)), false, "b waits for the answer to a");
  assert.is(gate.opened("me", "b"), false, "b has not been let in");
  assert.is(gate.opened("me", "a"), true);
  assert.is(gate.mayStart("me", task("b"), iso(31)), true);
});

test("an overload closes admission for a minute, twice as long each time nothing has come through, and parks nothing", () => {
  const gate = gates();
  const overload = (minute: number) => gate.close("me", "overload", null, "overloaded", at(minute));
  assert.is(overload(0).until, iso(1));
  assert.equal(overload(0).isNew, false, "three that run at once are one overload");
  assert.is(gate.parks("me", iso(0, 30)), null);
  assert.is(gate.mayStart("me", task("a"), iso(2)), true);
  assert.is(overload(2).until, iso(4), "the one that went first met it again: two minutes");
  assert.is(gate.mayStart("me", task("b"), iso(5)), true);
  assert.is(overload(5).until, iso(9));
  assert.is(gate.mayStart("me", task("c"), iso(10)), true);
  assert.is(gate.opened("me", "c"), true);
  assert.is(overload(11).until, iso(12), "after an answer it begins anew");
});

test("a refused login stays closed until a person has put a task into line since; that one tries", () => {
  const gate = gates();
  assert.is(gate.close("me", "login", null, "401", at(5)).until, null);
  assert.equal(gate.close("me", "login", null, "401", at(5, 10)).isNew, false);
  assert.is(gate.mayStart("me", task("queued", iso(1)), iso(59)), false, "time alone does not open it");
  assert.is(gate.parks("me", iso(6)), null, "what runs was let in before");
  assert.is(gate.mayStart("me", task("retried", iso(7)), iso(8)), true);
  assert.is(gate.mayStart("me", task("newer", iso(7, 30)), iso(8)), false, "one at a time");
  assert.is(gate.mayStart("me", task("queued", iso(1)), iso(8)), false);
  gate.close("me", "login", null, "401", at(9));
  assert.is(gate.mayStart("me", task("newer", iso(7, 30)), iso(10)), false, "refused again: closed as before");
  assert.is(gate.mayStart("me", task("later", iso(11)), iso(12)), true);
  gate.opened("me", "later");
  assert.is(gate.mayStart("me", task("queued", iso(1)), iso(13)), true);
});

test("only ends that are the login's close its gate", () => {
  const ended = (code: string) =>
    ({
      label: "x",
      state: "delivering",
      notBefore: null,
      outcome: { kind: "failed", failure: { stage: "run", code, message: "m", hint: null } },
    }) as unknown as Task;
  assert.is(reasonOf(ended("LOGIN_REFUSED"))?.reason, "login");
  assert.match(reasonOf(ended("LOGIN_REFUSED"))?.text ?? "", /copse retry x$/);
  assert.is(reasonOf(ended("OVERLOADED"))?.reason, "overload");
  for (const code of ["AGENT_FAILED", "CONNECTION", "RATE_LIMITED", "TIMED_OUT"]) assert.is(reasonOf(ended(code)), null, code);
  const limited = { label: "x", state: "queued", outcome: null, notBefore: { kind: "limit", at: iso(9), text: "until 12:09" } };
  assert.equal(reasonOf(limited as unknown as Task), { reason: "limit", until: iso(9), text: "until 12:09" });
});

test.run();
