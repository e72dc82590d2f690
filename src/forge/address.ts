/** Which forge a remote's address leads to. Pure. */
import type { ForgeKind, ForgeRepo } from "./forge.ts";

export interface ForgeSetting {
  readonly kind: ForgeKind;
  readonly apiUrl?: string;
}

export interface Address {
  readonly host: string;
  /** `group/subgroup/name`, without `.git`. */
  readonly path: string;
}

/** `https://host/a/b.git`, `ssh://git@host:22/a/b`, `git@host:a/b.git`; undefined for a path on this machine. */
export function parseAddress(url: string): Address | undefined {
  const [, scheme, host, path] = /^(https?|ssh|git):\/\/(?:[^@/]*@)?([^/]+)\/(.+)$/i.exec(url) ?? [];
  // The port of ssh says nothing of the web's.
  if (host !== undefined && path !== undefined)
    return { host: scheme?.startsWith("http") ? host : host.replace(/:\d+$/, ""), path: bare(path) };
  const [, scpHost, scpPath] = /^(?:[^@/\s]+@)?([^:/\s]{2,}):(?!\/\/)(.+)$/.exec(url) ?? [];
  return scpHost === undefined || scpPath === undefined ? undefined : { host: scpHost, path: bare(scpPath) };
}

const bare = (path: string): string => path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");

/** Known by the host's name, or by the person's `forges.<host>`; `GITHUB_API_URL` names github.com's API anew. undefined: a host nobody told us of. */
export function forgeOf(
  url: string,
  settings: Readonly<Record<string, ForgeSetting>>,
  env: Readonly<Record<string, string | undefined>>,
): ForgeRepo | undefined {
  const address = parseAddress(url);
  if (address === undefined) return undefined;
  const { host, path } = address;
  const set = settings[host];
  const kind = set?.kind ?? kindOf(host);
  const cut = path.lastIndexOf("/");
  if (kind === undefined || cut <= 0) return undefined;
  const apiUrl = set?.apiUrl ?? (kind === "github" && host === "github.com" ? env["GITHUB_API_URL"] : undefined) ?? usualApi(kind, host);
  return { kind, host, apiUrl: apiUrl.replace(/\/+$/, ""), owner: path.slice(0, cut), name: path.slice(cut + 1) };
}

function kindOf(host: string): ForgeKind | undefined {
  if (host === "github.com" || host.endsWith(".ghe.com") || /^github\./.test(host)) return "github";
  if (host === "gitlab.com" || /^gitlab\./.test(host)) return "gitlab";
  return host === "codeberg.org" || /^(?:gitea|forgejo)\./.test(host) ? "gitea" : undefined;
}

function usualApi(kind: ForgeKind, host: string): string {
  if (kind === "gitlab") return `https://${host}`;
  if (kind === "gitea") return `https://${host}/api/v1`;
  if (host === "github.com") return "https://api.github.com";
  return host.endsWith(".ghe.com") ? `https://api.${host}` : `https://${host}/api/v3`;
}

/** Where a person makes it by hand. */
export function compareUrl(url: string, base: string, branch: string, kind: ForgeKind | undefined): string | undefined {
  const address = parseAddress(url);
  if (address === undefined) return undefined;
  const at = `https://${address.host}/${address.path}`;
  const [from, to] = [encodeURIComponent(branch), encodeURIComponent(base)];
  return kind === "gitlab"
    ? `${at}/-/merge_requests/new?merge_request%5Bsource_branch%5D=${from}&merge_request%5Btarget_branch%5D=${to}`
    : `${at}/compare/${to}...${from}${kind === "github" ? "?expand=1" : ""}`;
}
