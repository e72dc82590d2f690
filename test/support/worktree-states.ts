/** Random states a worktree may be in when somebody cleans up: what the person or the agent did, and what became of the branch. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import type { Place } from "./worlds.ts";

export interface State {
  readonly commits: number;
  /** Commits the agent made and took back: only the worktree's reflog knows them. */
  readonly takenBack: boolean;
  readonly fate: "none" | "merge" | "squash" | "rebase" | "push" | "squash-then-changed";
  readonly head: "branch" | "detached" | "renamed";
  readonly operation: "none" | "rebase" | "merge" | "cherry-pick";
  readonly locked: boolean;
  readonly live: boolean;
  readonly edits: readonly Edit[];
  readonly remote: boolean;
}

interface Edit {
  readonly do:
    | "modify"
    | "stage"
    | "stage-then-modify"
    | "delete"
    | "delete-staged"
    | "chmod"
    | "untracked"
    | "ignored"
    | "disposable"
    | "link"
    | "file-to-folder";
  readonly name: string;
  readonly bytes: readonly number[];
}

const names = [
  "x.txt",
  "with space",
  'quo"te',
  "new\nline",
  "ümläut",
  "-dash",
  "back\\slash",
  "deep/er/file",
  "tab\there",
  "$(sh)",
  ":colon",
  "a'b",
  "*",
];

const edit: fc.Arbitrary<Edit> = fc.record({
  do: fc.constantFrom(
    "modify",
    "stage",
    "stage-then-modify",
    "delete",
    "delete-staged",
    "chmod",
    "untracked",
    "untracked",
    "ignored",
    "ignored",
    "disposable",
    "link",
    "file-to-folder",
  ),
  name: fc.constantFrom(...names),
  bytes: fc.oneof(fc.constant([]), fc.constant([13, 10, 255, 0, 10]), fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 })),
});

const rarely = fc.integer({ min: 0, max: 9 }).map((n) => n === 0);

export const worktreeState: fc.Arbitrary<State> = fc.record({
  commits: fc.integer({ min: 0, max: 3 }),
  takenBack: rarely,
  fate: fc.constantFrom("none", "merge", "squash", "rebase", "push", "squash-then-changed"),
  head: fc.constantFrom("branch", "branch", "branch", "detached", "renamed"),
  operation: fc.constantFrom("none", "none", "none", "none", "rebase", "merge", "cherry-pick"),
  locked: rarely,
  live: rarely,
  edits: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 4, arbitrary: fc.uniqueArray(edit, { maxLength: 5, selector: (one) => one.name }) },
  ),
  remote: fc.boolean(),
});

/** Files the repository begins with. */
export const beginning: Readonly<Record<string, string>> = {
  ".gitignore": "*.ign\nnode_modules/\nsecret/\n",
  "a.txt": "1\n2\n3\n4\n5\n",
  "src/b.txt": "b\n",
  "gone.txt": "gone\n",
  "folder.txt": "folder\n",
  "run.sh": "#!/bin/sh\n",
};

/** Does all of it. @returns whether a clean-up may take the worktree by itself, by the record alone. */
export function play(world: Place, path: string, state: State): boolean {
  const git = (...args: string[]) => world.git(args, path);
  const main = (...args: string[]) => world.git(args);
  const write = (name: string, bytes: string | Buffer) => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  };
  const quietly = (...args: string[]) => {
    try {
      git(...args);
    } catch {
      // It stops at the conflict: that is what is wanted.
    }
  };
  if (state.remote) {
    main("init", "-q", "--bare", join(world.dir, "remote.git"));
    main("remote", "add", "origin", join(world.dir, "remote.git"));
    main("push", "-q", "origin", "main");
    main("remote", "set-head", "origin", "main");
  }
  for (let n = 0; n < state.commits; n++) {
    write("a.txt", `1\n2\n3\n4\nagent ${n}\n`);
    write(`made-${n}.txt`, `${n}\n`);
    git("add", "-A");
    git("commit", "-q", "-m", `work ${n}`);
  }
  if (state.takenBack) {
    write("lost.txt", "only the reflog knows\n");
    git("add", "-A");
    git("commit", "-q", "-m", "taken back");
    git("reset", "-q", "--hard", "HEAD~1");
  }
  const branch = git("symbolic-ref", "--short", "HEAD").trim();
  if (state.fate === "merge") main("merge", "-q", "--no-ff", "--no-edit", branch);
  if (state.fate === "squash" || state.fate === "squash-then-changed") {
    main("merge", "-q", "--squash", branch);
    main("commit", "-q", "--allow-empty", "-m", "squashed");
  }
  if (state.fate === "squash-then-changed" && state.commits > 0) {
    writeFileSync(join(world.repo, "a.txt"), "1\n2\n3\n4\nchanged again since\n");
    main("commit", "-qam", "later");
  }
  if (state.fate === "rebase") {
    writeFileSync(join(world.repo, "other.txt"), "meanwhile\n");
    main("add", "other.txt");
    main("commit", "-q", "-m", "meanwhile");
    if (state.commits > 0) main("cherry-pick", "-x", `${branch}~${state.commits}..${branch}`);
  }
  const pushed = state.fate === "push" && state.remote;
  if (pushed) main("push", "-q", "origin", branch);
  if (state.operation !== "none") {
    // A commit beside it that conflicts with what the worktree has.
    const side = git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "mine").trim();
    write("a.txt", "mine\n");
    git("commit", "-qam", "mine");
    const theirs = world.git(["hash-object", "-w", "--stdin"], path, "theirs\n").trim();
    world.git(["update-index", "--cacheinfo", `100644,${theirs},a.txt`], path);
    const tree = git("write-tree").trim();
    const other = git("commit-tree", tree, "-p", side, "-m", "theirs").trim();
    git("reset", "-q", "--hard", "HEAD");
    if (state.operation === "rebase") quietly("rebase", "-q", other);
    if (state.operation === "merge") quietly("merge", "-q", other);
    if (state.operation === "cherry-pick") quietly("cherry-pick", other);
  } else if (state.head === "detached") git("checkout", "-q", "--detach");
  else if (state.head === "renamed") git("branch", "-q", "-m", "renamed-by-somebody");
  let dirty = state.operation !== "none";
  for (const one of state.edits) dirty = change(one) || dirty;
  if (state.locked) main("worktree", "lock", "--reason", "mine", path);
  const landed = ["merge", "squash", "rebase", "squash-then-changed"].includes(state.fate);
  return !state.live && !state.locked && !dirty && (state.commits === 0 || landed || pushed);

  /** @returns whether git calls it a change */
  function change(one: Edit): boolean {
    const bytes = Buffer.from(one.bytes);
    switch (one.do) {
      case "modify":
        write("a.txt", Buffer.concat([Buffer.from("modified\n"), bytes]));
        return true;
      case "stage":
        write(`staged/${one.name}`, bytes);
        git("add", "--", ":(literal)staged");
        return true;
      case "stage-then-modify":
        write("src/b.txt", Buffer.concat([Buffer.from("staged\n"), bytes]));
        git("add", "src/b.txt");
        write("src/b.txt", "and changed again\n");
        return true;
      case "delete":
        rmSync(join(path, "gone.txt"), { force: true });
        return true;
      case "delete-staged":
        rmSync(join(path, "gone.txt"), { force: true });
        git("rm", "-q", "--cached", "--ignore-unmatch", "--", "gone.txt");
        return true;
      case "chmod":
        chmodSync(join(path, "run.sh"), 0o755);
        return true;
      case "untracked":
        write(`new/${one.name}`, bytes);
        if (bytes.length % 2 === 1) chmodSync(join(path, `new/${one.name}`), 0o600);
        return true;
      case "ignored":
        write(bytes.length % 2 === 0 ? `${one.name}.ign` : `secret/${one.name}`, bytes);
        return false;
      case "disposable":
        write(`node_modules/${one.name}`, bytes);
        return false;
      case "link":
        mkdirSync(join(path, "links"), { recursive: true });
        symlinkSync(bytes.length % 2 === 0 ? "/nowhere" : "../a.txt", join(path, "links", one.name.replaceAll("/", "_")));
        return true;
      case "file-to-folder":
        rmSync(join(path, "folder.txt"), { force: true, recursive: true });
        write(`folder.txt/${one.name}`, bytes);
        return true;
    }
  }
}
