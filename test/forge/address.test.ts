/** Which forge a remote's address leads to, and the page to open a pull request by hand. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { compareUrl, forgeOf, parseAddress } from "../../src/forge/address.ts";

test("addresses of remotes", () => {
  for (const [url, host, path] of [
    ["https://github.com/a/b.git", "github.com", "a/b"],
    ["https://user:token@github.com/a/b", "github.com", "a/b"],
    ["git@github.com:a/b.git", "github.com", "a/b"],
    ["ssh://git@gitlab.example.com:2222/g/s/b.git", "gitlab.example.com", "g/s/b"],
    ["http://127.0.0.1:3000/a/b.git/", "127.0.0.1:3000", "a/b"],
  ] as const)
    assert.equal(parseAddress(url), { host, path }, url);
  for (const url of ["/srv/git/a.git", "../a", "C:/a/b", "file:///srv/a.git"]) assert.is(parseAddress(url), undefined, url);
  assert.equal(forgeOf("git@gitlab.com:g/s/b.git", {}, {}), {
    kind: "gitlab",
    host: "gitlab.com",
    apiUrl: "https://gitlab.com",
    owner: "g/s",
    name: "b",
  });
  assert.is(forgeOf("https://github.com/a/b", {}, { GITHUB_API_URL: "http://127.0.0.1:1/api" })?.apiUrl, "http://127.0.0.1:1/api");
  assert.is(forgeOf("https://git.firm.example/a/b", {}, {}), undefined);
  assert.is(
    forgeOf("https://git.firm.example/a/b", { "git.firm.example": { kind: "gitea" } }, {})?.apiUrl,
    "https://git.firm.example/api/v1",
  );
  assert.is(forgeOf("https://github.firm.example/a/b", {}, {})?.apiUrl, "https://github.firm.example/api/v3");
  assert.is(
    compareUrl("git@github.com:a/b.git", "main", "copse/x y", "github"),
    "https://github.com/a/b/compare/main...copse%2Fx%20y?expand=1",
  );
});

test.run();
