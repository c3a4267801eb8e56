/** Names of the runners that come with `ra`. */
export const runnerNames: readonly string[] = [
  "kilo",
  "claude",
  "codex",
  "gemini",
  "opencode",
  "acp",
  "shell",
];
