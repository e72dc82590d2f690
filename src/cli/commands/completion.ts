/** `copse completion`: the script a shell loads; the words themselves come from `copse --get-yargs-completions`. */

import { CopseError } from "../../core/errors.ts";
import { out } from "../../system/output.ts";

const scripts: Readonly<Record<string, string>> = {
  bash: `_copse() {
  local words
  mapfile -t words < <(copse --get-yargs-completions "\${COMP_WORDS[@]}" 2>/dev/null)
  mapfile -t COMPREPLY < <(compgen -W "\${words[*]}" -- "\${COMP_WORDS[COMP_CWORD]}")
  [ \${#COMPREPLY[@]} -eq 0 ] && compopt -o default
}
complete -F _copse copse
`,
  zsh: `#compdef copse
_copse() {
  local -a words_found
  words_found=(\${(f)"$(copse --get-yargs-completions "\${words[@]}" 2>/dev/null)"})
  (( \${#words_found} )) && _describe 'values' words_found || _files
}
compdef _copse copse
`,
  fish: `complete -c copse -f -a '(copse --get-yargs-completions (commandline -opc) (commandline -ct) 2>/dev/null | string replace -r ":" \\t)'
`,
};

/** `shell`: bash, zsh or fish; undefined = the one of $SHELL. */
export function completion(shell: string | undefined): number {
  const name = shell ?? (process.env["SHELL"] ?? "bash").split("/").at(-1) ?? "bash";
  const script = scripts[name];
  if (script === undefined) throw new CopseError("USAGE", `there is no completion for ${name}`, { hint: "Choose one of bash, zsh, fish." });
  out(script);
  return 0;
}
