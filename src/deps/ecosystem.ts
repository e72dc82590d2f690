/** What a campaign has to know of a language's packages and of the program that manages them; another ecosystem is another object of this shape. */

export type Target = "patch" | "minor" | "latest";
export type Kind = "patch" | "minor" | "major";

/** Where a package is asked for. */
export interface Place {
  /** Path of the manifest, from the top of the repository. */
  readonly manifest: string;
  /** The list it stands in, such as `devDependencies`. */
  readonly field: string;
  /** As it is written there. */
  readonly range: string;
}

/** One package to one version, wherever in the repository it is asked for. */
export interface Update {
  readonly name: string;
  /** Of several that are installed the lowest. */
  readonly from: string;
  readonly to: string;
  readonly kind: Kind;
  /** In no list but those of development. */
  readonly dev: boolean;
  readonly places: readonly Place[];
  /** Where its releases are told of, or its page; null when the package names none. */
  readonly link: string | null;
}

/** A newer version there is, and why it is not tried. */
export interface Left {
  readonly name: string;
  readonly from: string;
  readonly latest: string;
  readonly why: string;
}

export interface Listed {
  readonly updates: readonly Update[];
  readonly left: readonly Left[];
}

export type Command = readonly [file: string, ...args: string[]];

/** Runs a command in the folder it is made for. @returns its output, whatever its exit code, which is null when it was killed or could not be started */
export type Run = (command: Command) => Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>;

export interface Ecosystem {
  readonly name: string;
  /** For each of its commands, besides the person's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Writes the lockfile anew, and nothing else; null when the repository keeps none. */
  readonly lock: Command | null;
  /** Installs what the lockfile says; nothing that is tracked may change by it. */
  readonly install: Command;
  /** For a quick look at a few updates: brings what is installed already, and the lockfile, to what the manifests ask for. Left out: everything is always installed from nothing. */
  readonly refresh?: {
    /** What the folders are called that packages are in. */
    readonly folder: string;
    readonly command: Command;
    /** Does that come to the same in `dir` as installing from nothing? */
    readonly suits: (dir: string) => boolean;
  };
  /** The project's own check; null when it names none. */
  readonly check: string | null;
  /** `dir`: where everything is installed as it is now. */
  list(dir: string, target: Target, run: Run): Promise<Listed>;
  /** Writes the updates into the manifests in `dir`. */
  apply(dir: string, updates: readonly Update[]): void;
}
