/** From what a package says of its repository to pages a person can open. Pure; what it says is foreign text, and only addresses of the web come out. */

/** Web address of the repository a `package.json` names; null when it names none, or none of the web. */
export function repositoryOf(field: unknown): string | null {
  const text = typeof field === "string" ? field : (field as { url?: unknown } | null | undefined)?.url;
  if (typeof text !== "string") return null;
  const url = text.trim().replace(/#.*$/, "");
  const [, short, path] = /^(?:(github|gitlab|bitbucket|codeberg):)?([\w.-]+\/[\w.-]+)$/.exec(url) ?? [];
  const host = { github: "github.com", gitlab: "gitlab.com", bitbucket: "bitbucket.org", codeberg: "codeberg.org" }[short ?? "github"];
  if (path !== undefined) return webAddress(host as string, path);
  const [, web, webPath] = /^(?:git\+)?(?:https?|ssh|git):\/\/(?:[^@/\s]*@)?([\w.-]+(?::\d+)?)\/(\S+)$/.exec(url) ?? [];
  if (web !== undefined) return webAddress(url.includes("ssh://") ? web.replace(/:\d+$/, "") : web, webPath as string);
  const [, scp, scpPath] = /^[\w.-]+@([\w.-]+):(\S+)$/.exec(url) ?? [];
  return scp === undefined ? null : webAddress(scp, scpPath as string);
}

function webAddress(host: string, path: string): string | null {
  const clean = path.replace(/\/+$/, "").replace(/\.git$/, "");
  return /^[\w.~-]+(?:\/[\w.~-]+)+$/.test(clean) && !clean.split("/").includes("..") ? `https://${host}/${clean}` : null;
}

/** Where its releases are told of: GitHub, GitLab, Gitea and Forgejo are known by their host; null for the others. */
export function releasesOf(repository: string | null): string | null {
  const [, host = "", path = ""] = /^https:\/\/([^/]+)\/(.+)$/.exec(repository ?? "") ?? [];
  const short = path.split("/").slice(0, 2).join("/");
  if (/^github\.|\.ghe\.com$/.test(host)) return `https://${host}/${short}/releases`;
  if (/^gitlab\./.test(host)) return `https://${host}/${path.replace(/\/-\/.*$/, "")}/-/releases`;
  return /^(?:codeberg\.org$|gitea\.|forgejo\.)/.test(host) ? `https://${host}/${short}/releases` : null;
}

/** Is it an address that can stand in a Markdown link as it is? */
export const isPage = (url: string | null): url is string => url !== null && /^https?:\/\/[^\s()<>|\]"'\\`]{1,300}$/.test(url);
