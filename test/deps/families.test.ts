/** Which updates move together, and which group they are in. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Update } from "../../src/deps/ecosystem.ts";
import { familiesOf } from "../../src/deps/families.ts";
import { groupsOf } from "../../src/deps/groups.ts";
import { kindOf } from "../../src/deps/versions.ts";

const update = (name: string, from = "1.0.0", to = "1.1.0", more: Partial<Update> = {}): Update => ({
  name,
  from,
  to,
  kind: kindOf(from, to),
  dev: false,
  places: [],
  link: null,
  ...more,
});
const namesOf = (updates: readonly Update[]): string[][] => familiesOf(updates).map((family) => family.map(({ name }) => name));
const repository = "https://github.com/o/r";

test("a package goes with its types", () => {
  assert.equal(namesOf([update("@types/node"), update("@types/a__b"), update("node"), update("@a/b")]), [
    ["@a/b", "@types/a__b"],
    ["@types/node", "node"],
  ]);
});

test("what is released together goes together, on one line of versions", () => {
  const react = [update("react", "18.0.0", "18.3.1", { repository }), update("react-dom", "18.0.0", "18.3.1", { repository })];
  assert.equal(namesOf(react), [["react", "react-dom"]]);
  assert.equal(
    namesOf([...react, update("scheduler", "0.20.0", "0.20.2", { repository })]).length,
    2,
    "another line of the same repository",
  );
  assert.equal(namesOf([update("@b/x", "7.20.0", "7.21.3"), update("@b/y", "7.20.1", "7.21.0")]), [["@b/x", "@b/y"]], "one scope");
  assert.equal(namesOf([update("@types/x"), update("@types/y")]).length, 2, "DefinitelyTyped is no family");
  const elsewhere = "https://github.com/o/other";
  assert.equal(
    namesOf([update("@b/x", undefined, undefined, { repository }), update("@b/y", undefined, undefined, { repository: elsewhere })]).length,
    2,
  );
});

test("one that needs another's new version, or whose old one does not bear it, goes with it", () => {
  const peers = (from: object, to: object) => ({ peers: { from, to } }) as Partial<Update>;
  const plugin = (from: object, to: object) =>
    namesOf([update("host", "1.0.0", "2.0.0"), update("plugin", "1.0.0", "2.0.0", peers(from, to))]);
  assert.equal(plugin({ host: "^1" }, { host: "^2" }).length, 1);
  assert.equal(plugin({ host: "^1" }, { host: "^1 || ^2" }).length, 1, "the old plugin does not bear the new host");
  assert.equal(plugin({ host: ">=1" }, { host: ">=1" }).length, 2);
  assert.equal(plugin({ host: "^1" }, { host: "^1" }).length, 2, "together they do not go either: the checks say which is left out");
  assert.equal(plugin({}, {}).length, 2);
});

test("each update is in one family and one group, whatever there is", () => {
  const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((parts) => parts.join("."));
  const some = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom("a", "b", "@s/a", "@s/b", "@types/a", "@types/s__b", "c"),
      from: version,
      to: version,
      dev: fc.boolean(),
    }),
    { selector: ({ name }) => name },
  );
  const rules = fc.subarray(["dev", "kind", "x=a,@s/*"]);
  fc.assert(
    fc.property(some, rules, (all, asked) => {
      const updates = all.map(({ name, from, to, dev }) => update(name, from, to, { dev }));
      const families = familiesOf(updates);
      const groups = groupsOf(families, asked);
      assert.equal(
        families
          .flat()
          .map(({ name }) => name)
          .sort(),
        updates.map(({ name }) => name).sort(),
      );
      assert.equal(
        groups.flatMap((group) => group.families).sort(),
        families.map((_, i) => i),
      );
      for (const group of groups) assert.ok(group.families.length > 0);
      // The order in which they are named changes nothing.
      assert.equal(familiesOf([...updates].reverse()), families);
    }),
  );
});

test("groups: the first rule that fits counts, what none fits is one more, a family goes whole", () => {
  const families = familiesOf([
    update("eslint", "1.0.0", "2.0.0", { dev: true }),
    update("tap", "1.0.0", "1.0.1", { dev: true }),
    update("zod"),
    update("@types/zod", "1.0.0", "1.1.0", { dev: true }),
  ]);
  const groups = (rules: readonly string[]) =>
    Object.fromEntries(
      groupsOf(families, rules).map(({ name, families: mine }) => [
        name,
        mine.flatMap((i) => families[i] ?? []).map(({ name: one }) => one),
      ]),
    );
  assert.equal(groups([]), { "": ["tap", "@types/zod", "zod", "eslint"] });
  assert.equal(groups(["dev"]), { dev: ["tap", "eslint"], other: ["@types/zod", "zod"] });
  assert.equal(groups(["kind"]), { patch: ["tap"], minor: ["@types/zod", "zod"], major: ["eslint"] });
  assert.equal(groups(["lint=eslint,eslint-*", "dev"]), { lint: ["eslint"], dev: ["tap"], other: ["@types/zod", "zod"] });
  assert.equal(Object.keys(groups(["lint=eslint", "dev"])).at(-1), "other");
  assert.throws(() => groups(["=x"]), /--group: expected dev, kind or a name with patterns/);
  assert.throws(() => groups(["a/b=x"]), /--group/);
});

test.run();
