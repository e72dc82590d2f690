/** Glob patterns over the paths of a repository: `*` and `?` within a folder, `**` over folders, `[a-z]`, `{a,b}`; a slash at the end means folders. Pure. */

/** `files`: tracked paths. Folders come with a slash behind them; `./` is the top. Sorted, each once. */
export function matching(pattern: string, files: readonly string[]): string[] {
  if (pattern === "./") return files.length === 0 ? [] : ["./"];
  const folders = pattern.endsWith("/");
  const wanted = regExpOf(pattern.replace(/^\.\//, "").replace(/\/+$/, ""));
  const names = folders ? foldersOf(files) : files;
  return [...new Set(names)]
    .filter((name) => wanted.test(name))
    .sort()
    .map((name) => (folders ? `${name}/` : name));
}

function foldersOf(files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const parts = file.split("/").slice(0, -1);
    return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  });
}

/** Hidden names are matched only by a part that begins with a dot, as in a shell. */
function regExpOf(pattern: string): RegExp {
  const parts = pattern.split("/").map((part) => (part === "**" ? "**" : `${/^[*?[{]/.test(part) ? "(?!\\.)" : ""}${partOf(part)}`));
  let text = "";
  for (const [i, part] of parts.entries()) {
    const last = i === parts.length - 1;
    if (part === "**") text += last ? "(?:(?!\\.)[^/]+/)*(?!\\.)[^/]+" : "(?:(?!\\.)[^/]+/)*";
    else text += last ? part : `${part}/`;
  }
  return new RegExp(`^${text}$`, "u");
}

function partOf(part: string): string {
  let text = "";
  for (let i = 0; i < part.length; i++) {
    const char = part[i] as string;
    const end = char === "[" ? part.indexOf("]", i + 2) : char === "{" ? part.indexOf("}", i) : -1;
    if (char === "*") text += "[^/]*";
    else if (char === "?") text += "[^/]";
    else if (char === "[" && end > 0) {
      text += classOf(part.slice(i + 1, end));
      i = end;
    } else if (char === "{" && end > 0) {
      text += `(?:${part
        .slice(i + 1, end)
        .split(",")
        .map(partOf)
        .join("|")})`;
      i = end;
    } else text += char.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  }
  return text;
}

/** Only a range that runs upwards is one; anything else is taken letter by letter. */
function classOf(inside: string): string {
  const not = /^[!^]/.test(inside);
  const body = (not ? inside.slice(1) : inside).replace(/[\\\]^[&~|(){}/]/g, "\\$&");
  const runs = [...body.matchAll(/(.)-(.)/gu)].every(([, a = "", b = ""]) => a <= b);
  return `[${not ? "^/" : ""}${runs ? body : body.replaceAll("-", "\\-")}]`;
}
