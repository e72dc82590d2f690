/** Which version is chosen: the highest that the target, pins, other updaters' files, the project's Node and age let pass; and a reason for whatever is kept out. */
import fc from "fast-check";
import semver from "semver";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Bounds, choose, type Package } from "../../src/deps/choice.ts";
import { nodeIn, oddNode, promisedBy, whyUnfit } from "../../src/deps/engines.ts";
import type { Packument } from "../../src/deps/packument.ts";

const day = 86_400_000;
const bounds = (more: Partial<Bounds> = {}): Bounds => ({
  target: "latest",
  pin: {},
  minAgeMs: 0,
  floorMs: 0,
  isExempt: () => false,
  advisories: [],
  refusals: [],
  now: 1000 * day,
  ...more,
});
const place = { manifest: "package.json", field: "dependencies" };
const one = (more: Partial<Package> = {}): Package => ({ name: "p", current: "1.0.0", latest: "5.0.0", place, node: null, ...more });
/** Versions, each with what it needs of Node. */
const known = (needs: Readonly<Record<string, string | undefined>>): Packument => ({
  versions: Object.fromEntries(
    Object.entries(needs).map(([version, node]) => [version, node === undefined ? {} : { engines: { node } }]),
  ) as Packument["versions"],
  time: null,
});
const whys = ({ left }: ReturnType<typeof choose>) => left.map(({ latest, why, beyond }) => [latest, why, beyond ?? null]);

test("a version that needs more than the project promises is not chosen, and the row says so", () => {
  const packument = known({ "1.0.0": ">=12", "4.0.0": ">=16", "4.5.0": ">=18.17", "5.0.0": ">=22" });
  const node = promisedBy([{ engines: { node: ">=18" } }], "20.1.0");
  const chosen = choose(one({ node }), packument, bounds());
  assert.is(chosen.to, "4.0.0");
  assert.equal(whys(chosen), [["5.0.0", "5.0.0 needs Node >=22, and the project promises >=18", null]]);
  const beyond = choose(one({ node }), packument, bounds({ target: "minor" }));
  assert.equal([beyond.to, whys(beyond)], [null, [["5.0.0", "5.0.0 needs Node >=22, and the project promises >=18", false]]]);
  const running = choose(one({ node: promisedBy([{}, null], "20.1.0") }), packument, bounds());
  assert.equal([running.to, whys(running)], ["4.5.0", [["5.0.0", "5.0.0 needs Node >=22, and the checks run with 20.1.0", null]]]);
  assert.is(choose(one({ node: null }), packument, bounds()).to, "5.0.0");
});

test("where nothing is known nothing is refused, and one that asks for no more than what is installed is fit", () => {
  const node = { range: ">=18", words: "the project promises >=18" };
  for (const odd of [
    undefined,
    null,
    "node >= 0.6",
    ["node >=0.6"],
    { node: 7 },
    { node: "whatever" },
    { node: "*" },
    { node: "" },
    { npm: ">=99" },
  ]) {
    const packument = { versions: { "1.0.0": {}, "5.0.0": { engines: odd } }, time: null };
    assert.is(choose(one({ node }), packument, bounds()).to, "5.0.0", JSON.stringify(odd));
  }
  const before = known({ "1.0.0": "^18.12 || >=20", "1.1.0": "^18 || >=20", "5.0.0": "^18.18 || >=20" });
  assert.is(choose(one({ node }), before, bounds()).to, "1.1.0");
});

test("the promise: the manifest's own, else the one at the top, else what the checks run with; what is no range is no promise", () => {
  const top = { engines: { node: ">=20" } };
  assert.is(promisedBy([{ engines: { node: ">=18" } }, top], "22.0.0")?.range, ">=18");
  assert.is(promisedBy([{}, top], "22.0.0")?.range, ">=20");
  assert.is(promisedBy([{ engines: { node: "*" } }, {}], "22.0.0")?.range, "22.0.0");
  assert.is(promisedBy([{}, {}], null), null);
  assert.is(oddNode({ engines: { node: "twenty" } }), '"twenty"');
  for (const fine of [{}, null, { engines: null }, { engines: { node: ">=20 <23" } }, { engines: { node: "*" } }])
    assert.is(oddNode(fine), undefined);
  assert.is(nodeIn({ engines: { node: `>=${"1".repeat(600)}` } }), undefined, "nobody's range is that long");
});

const majors = [10, 12, 14, 16, 18, 20, 22];
const part = fc.oneof(
  fc.constantFrom(...majors).map((n) => `>=${n}`),
  fc.constantFrom(...majors).map((n) => `^${n}.0.0`),
  fc.constantFrom(...majors).map((n) => `${n}.x`),
  fc.tuple(fc.constantFrom(...majors), fc.constantFrom(5, 10)).map(([n, minor]) => `>=${n}.${minor}.0`),
  fc.tuple(fc.constantFrom(...majors), fc.constantFrom(...majors)).map(([a, b]) => `>=${Math.min(a, b)} <${Math.max(a, b) + 1}`),
);
const range = fc.oneof(
  part,
  fc.tuple(part, part).map((both) => both.join(" || ")),
);
/** Dense enough to tell any two of these ranges apart. */
const nodes = Array.from({ length: 30 }, (_, n) => n).flatMap((n) => [`${n}.0.0`, `${n}.5.0`, `${n}.10.0`, `${n}.99.0`]);

test("what is refused for its Node is what some Node of the project could not run", () => {
  fc.assert(
    fc.property(range, range, (promised, needed) => {
      const why = whyUnfit({ current: "1.0.0", node: { range: promised, words: "w" } }, known({ "2.0.0": needed }).versions, "2.0.0");
      const runs = nodes.filter((node) => semver.satisfies(node, promised)).every((node) => semver.satisfies(node, needed));
      assert.is(why === undefined, runs, `${promised} → ${needed}`);
    }),
    { numRuns: 200 },
  );
});

test("whatever there is: the highest that nothing speaks against is chosen, and each that is higher and not chosen has its reason", () => {
  const version = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(2)).map((parts) => parts.join("."));
  const all = fc.uniqueArray(fc.record({ version, needs: fc.option(range, { nil: undefined }), days: fc.nat(6), refused: fc.boolean() }), {
    selector: (some) => some.version,
    minLength: 1,
    maxLength: 8,
  });
  const target = fc.constantFrom("patch", "minor", "latest");
  fc.assert(
    fc.property(all, version, range, target, fc.constantFrom(null, "<2", "1.x"), fc.nat(7), (some, current, promised, goal, pin, which) => {
      const latest = (some[which % some.length] as (typeof some)[0]).version;
      const needs = known(Object.fromEntries(some.map((each) => [each.version, each.needs])));
      const now = 1000 * day;
      const packument = {
        ...needs,
        time: Object.fromEntries(some.map((each) => [each.version, new Date(now - each.days * day).toISOString()])),
      };
      const refuses = (to: string) => some.some((each) => each.version === to && each.refused);
      const limits = bounds({
        target: goal,
        pin: pin === null ? {} : { p: pin },
        minAgeMs: 3 * day,
        refusals: [{ by: "renovate.json", refuses: ({ to }) => refuses(to) }],
      });
      const node = { range: promised, words: "the project promises it" };
      const { to, left } = choose(one({ current, latest, node }), packument, limits);
      const reach = { patch: `~${current}`, minor: `^${current}`, latest: `<=${latest}` }[goal];
      // What a caret lets pass below 0.1 is a bound for patches as well.
      const within = some
        .map((each) => each.version)
        .filter(
          (each) =>
            semver.gt(each, current) &&
            semver.satisfies(each, reach) &&
            (goal !== "patch" || semver.satisfies(each, `^${current}`) || semver.gte(current, "0.1.0")),
        )
        .filter((each) => !semver.satisfies(latest, reach) || semver.lte(each, latest));
      const isWell = (each: string) =>
        (pin === null || semver.satisfies(each, pin)) &&
        !refuses(each) &&
        whyUnfit({ current, node }, packument.versions, each) === undefined &&
        (some.find((one) => one.version === each)?.days ?? 0) >= 3;
      assert.is(to, semver.sort(within.filter(isWell)).at(-1) ?? null);
      const best = semver.sort([...within]).at(-1);
      if (best !== undefined && best !== to) assert.ok(left.length > 0, `${best} is kept out without a word`);
      for (const { why } of left) assert.match(why, /beyond what|is not in|ignored by|needs Node|came out/);
    }),
    { numRuns: 200 },
  );
});

test("a release that was taken back, above the latest, is not gone to; nor is anything that is no version", () => {
  assert.is(choose(one({ latest: "1.2.0" }), known({ "1.0.0": "", "1.2.0": "", "1.3.0": "" }), bounds({ target: "minor" })).to, "1.2.0");
  assert.is(
    choose(one({ latest: "1.2.0", current: "3.0.0" }), known({ "1.2.0": "", "3.1.0": "" }), bounds({ target: "minor" })).to,
    "3.1.0",
  );
  const odd = known({ "1.1.0": "", latest: "", "v1.4.0": "", "1.5": "", "": "", __proto__: "" });
  assert.is(choose(one({ latest: "1.1.0" }), odd, bounds()).to, "1.1.0");
});

test("packages may be called as what every object has", () => {
  for (const name of ["constructor", "toString", "hasOwnProperty"])
    assert.is(choose(one({ name }), known({ "5.0.0": "" }), bounds()).to, "5.0.0", name);
});

test("of what is refused altogether the newest is said, once", () => {
  const refusals = [{ by: "renovate.json", refuses: () => true }];
  const chosen = choose(one(), known({ "1.1.0": "", "2.0.0": "", "5.0.0": "" }), bounds({ refusals, target: "minor" }));
  assert.equal([chosen.to, whys(chosen)], [null, [["5.0.0", "ignored by renovate.json", false]]]);
});

test.run();
