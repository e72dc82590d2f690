/** Every command's name, for routing and did-you-mean. Held against yargs' own list in the tests. */
export const commandNames = [
  "run",
  "tasks",
  "list",
  "ls",
  "show",
  "logs",
  "stop",
  "retry",
  "wait",
  "attach",
  "runner",
  "config",
  "init",
  "doctor",
  "completion",
  "send",
  "answer",
  "approve",
  "deny",
  "inbox",
  "notify",
  "statusline",
  "clean",
  "rm",
  "restore",
  "claude",
  "help",
];

/** Commands of the contract that this version does not have yet. */
export const laterNames = ["diff", "pr", "merge", "report", "batch", "deps", "hooks"];
