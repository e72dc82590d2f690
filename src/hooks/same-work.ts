/** Builds and tests within a shell command line, so that the same one is known again. Pure; it reads no shell, only the plain cases. */

/** Programs that build or test, with the words that say so where the program alone does not. */
const builders: readonly (readonly [RegExp, RegExp | null])[] = [
  [/^(?:npm|pnpm|yarn|bun)$/, /^(?:run (?:-\S+ )*)?(?:test|t|build|check|lint|typecheck|compile|ci|e2e)\b|^(?:install|i)\b/],
  [/^(?:npx|bunx)$/, /^(?:-\S+ )*(?:tsc|jest|vitest|mocha|playwright|eslint|biome|webpack|vite|esbuild|rollup|turbo|nx)\b/],
  [/^(?:make|gmake|ninja|ctest|bazel|buck2?|pytest|tox|nox|rspec|rake|phpunit|tsc|jest|vitest|mocha)$/, null],
  [/^(?:cargo|go|dotnet|swift|zig|mix|deno|sbt|lein|rebar3|cabal|stack)$/, /^(?:test|build|check|vet|clippy|bench|compile)\b/],
  [/^(?:mvn|mvnw|gradle|gradlew)$/, null],
  [/^cmake$/, /--build\b/],
  [/^python3?$/, /^-m (?:pytest|unittest|tox|build)\b/],
  [/^(?:uv|poetry|pdm|bundle)$/, /^(?:run|exec) (?:pytest|tox|rspec|rake)\b/],
];

/** The builds and tests a command line starts, each as its words with one space between, without redirections and settings of variables. */
export function builds(line: string): string[] {
  return line
    .replace(/\d*[<>]{1,2}\s*(?:&\d|[^\s;&|]+)/g, " ")
    .split(/&&|\|\||[;|\n&]/)
    .map(plain)
    .filter((command) => isBuild(command));
}

const plain = (command: string): string =>
  command
    .trim()
    .replace(/^(?:(?:time|nice|env|command|exec)\s+|[A-Za-z_]\w*=\S*\s+)+/, "")
    .replace(/\s+/g, " ");

function isBuild(command: string): boolean {
  const [program = "", ...words] = command.split(" ");
  const name = program.slice(program.lastIndexOf("/") + 1);
  return builders.some(([programs, rest]) => programs.test(name) && (rest === null || rest.test(words.join(" "))));
}
