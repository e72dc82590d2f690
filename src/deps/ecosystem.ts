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
  /** Its range lets pass a newer version, which is not to be taken. */
  readonly capped?: boolean;
  readonly places: readonly Place[];
  /** Where its releases are told of, or its page; null when the package names none. */
  readonly link: string | null;
  /** Web address of its repository, where the package names one. */
  readonly repository?: string | null;
  /** Ranges of other packages it has to meet, now and then. */
  readonly peers?: { readonly from: Ranges; readonly to: Ranges };
}

/** Ranges by the names of packages. */
export type Ranges = Readonly<Record<string, string>>;

/** How far to go, and what to stay away from. */
export interface Goal {
  readonly target: Target;
  /** Packages that stay within a range, whatever the target. */
  readonly pin: Ranges;
  /** Versions have to be out so long; null: as the manager is set to, else `usualMinAgeMs`. */
  readonly minAgeMs: number | null;
  /** Versions have to run with the Node the project promises. */
  readonly engines: boolean;
}

/** One step of one package, in one manifest. */
export interface Step {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** By the numbers alone. */
  readonly kind: Kind;
  readonly manifest: string;
  readonly field: string;
}

/** What a repository's file for another updater keeps it from. */
export interface Refusal {
  /** The file. */
  readonly by: string;
  readonly refuses: (step: Step) => boolean;
}

export interface Rules extends Goal {
  readonly refusals: readonly Refusal[];
}

/** A hole that somebody has found in a version that is installed. */
export interface Advisory {
  readonly id: string;
  readonly name: string;
  readonly severity: string;
  readonly title: string;
  readonly url: string;
  /** The versions that have it. */
  readonly range: string;
}

/** What the manager says of holes; `why`: it could not be had. */
export type Audit = { readonly found: readonly Advisory[] } | { readonly why: string };

/** A newer version there is, and why it is not tried. */
export interface Left {
  readonly name: string;
  readonly from: string;
  readonly latest: string;
  readonly why: string;
  /** It is the target that keeps it out, and nothing else. */
  readonly beyond?: boolean;
  /** As of an update. */
  readonly link?: string | null;
}

export interface Listed {
  readonly updates: readonly Update[];
  readonly left: readonly Left[];
  /** What has to be known of how this was found. */
  readonly notes?: readonly string[];
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
  /** Makes what is installed this place's own, where the manager shares files with other projects; left out: it does not. */
  readonly part?: Command;
  /** Paths besides the lockfile that the manager makes and the repository keeps; what is new in them is part of an update. */
  readonly kept?: readonly string[];
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
  /** `dir`: where everything is installed as it is now; `audit`: of it as it is now. */
  list(dir: string, rules: Rules, run: Run, audit: Promise<Audit>): Promise<Listed>;
  /** Known holes of what the lockfile where it is run says; left out by a manager that knows none. */
  audit?(run: Run): Promise<Audit>;
  /** Writes the updates into the manifests in `dir`. */
  apply(dir: string, updates: readonly Update[]): void;
}
