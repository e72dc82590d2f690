/** The token for a forge's API: the environment's, then what `gh` knows, then git's credential programs, asked so that they cannot ask back. Never handed to an agent. */
import { gitMaybe } from "../git/git.ts";
import { runCommand } from "../system/command.ts";
import { which } from "../system/which.ts";
import type { ForgeRepo } from "./forge.ts";

type Env = Readonly<Record<string, string | undefined>>;

const lookMs = 10_000;

/** null: nobody knows one. `env`: of the person who submitted. `dir`: a folder in the repository, for its credential settings. */
export async function tokenFor(repo: ForgeRepo, env: Env, dir: string): Promise<string | null> {
  for (const name of names(repo)) if (env[name]) return env[name];
  if (repo.kind === "github" && which("gh", env)) {
    const { exitCode, stdout } = await runCommand("gh", ["auth", "token", "--hostname", repo.host.replace(/:\d+$/, "")], {
      env: plain(env),
      timeoutMs: lookMs,
    });
    if (exitCode === 0 && stdout.trim() !== "") return stdout.trim();
  }
  const said = await gitMaybe(dir, ["credential", "fill"], { input: `protocol=https\nhost=${repo.host}\n\n` });
  return /^password=(.+)$/m.exec(said ?? "")?.[1] ?? null;
}

function names({ kind, host }: ForgeRepo): readonly string[] {
  if (kind === "gitlab") return ["GITLAB_TOKEN"];
  if (kind === "gitea") return ["GITEA_TOKEN", "FORGEJO_TOKEN"];
  return host === "github.com" || host.endsWith(".ghe.com")
    ? ["GH_TOKEN", "GITHUB_TOKEN"]
    : ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"];
}

const plain = (env: Env): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((one): one is [string, string] => one[1] !== undefined));
