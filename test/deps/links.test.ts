/** Addresses from what packages say of themselves. */
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isPage, releasesOf, repositoryOf } from "../../src/deps/links.ts";

test("repositories in all the ways they are written", () => {
  for (const url of [
    "git+https://github.com/o/r.git",
    "https://user:pw@github.com/o/r",
    "git://github.com/o/r.git#main",
    "git+ssh://git@github.com/o/r.git",
    "git@github.com:o/r.git",
    "github:o/r",
    "o/r",
  ])
    assert.is(repositoryOf(url), "https://github.com/o/r", url);
  assert.is(repositoryOf({ type: "git", url: "https://gitlab.com/a/b/c.git" }), "https://gitlab.com/a/b/c");
  assert.is(repositoryOf("gitlab:a/b"), "https://gitlab.com/a/b");
  assert.is(repositoryOf("ssh://git@git.example.com:2222/a/b.git"), "https://git.example.com/a/b");
  for (const none of [
    undefined,
    null,
    7,
    {},
    "",
    "file:../x",
    "javascript:alert(1)",
    "https://github.com/o/../x",
    "https://github.com/o/r)|x",
    "https://github.com/o/r\n| x",
  ])
    assert.is(repositoryOf(none), null, String(none));
});

test("release pages of GitHub, GitLab, Gitea; of others none is made up", () => {
  assert.is(releasesOf("https://github.com/o/r/tree/main/packages/x"), "https://github.com/o/r/releases");
  assert.is(releasesOf("https://gitlab.com/a/b/c"), "https://gitlab.com/a/b/c/-/releases");
  assert.is(releasesOf("https://gitlab.example.com/a/b/-/tree/main/x"), "https://gitlab.example.com/a/b/-/releases");
  assert.is(releasesOf("https://codeberg.org/a/b"), "https://codeberg.org/a/b/releases");
  assert.is(releasesOf("https://bitbucket.org/a/b"), null);
  assert.is(releasesOf(null), null);
});

test("whatever a package says, what comes out can stand in a Markdown link", () => {
  const near = fc
    .tuple(fc.constantFrom("https://", "git+https://", "git@", "github:", ""), fc.string(), fc.constantFrom("/a/b", ":a/b", ")|<x>", ""))
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(near, (text) => {
      const found = repositoryOf(text);
      assert.ok(found === null || (isPage(found) && isPage(releasesOf(found) ?? found)), `${text} → ${found}`);
    }),
  );
});

test.run();
