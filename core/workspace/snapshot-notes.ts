import type { Git } from "./git.ts";

/** How many paths a note names. */
const namedMax = 5;

/** Notes on what a directory holds that its index, after `add -A`, does not: ignored files and bare directories. */
export async function leftOutNotes(control: Git, path: string, index: string): Promise<string[]> {
  const call = { cwd: path, env: { GIT_WORK_TREE: path, GIT_INDEX_FILE: index } };
  const others = ["ls-files", "--others", "--exclude-standard", "--directory", "-z"];
  const [ignored, rest] = await Promise.all([
    control.run([...others, "--ignored"], call),
    control.run(others, call),
  ]);
  return [
    ...note(names(ignored), "ignored by git and not in the result"),
    ...note(names(rest), "cannot be held by git and not in the result"),
  ];
}

function note(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return [];
  const named = paths.slice(0, namedMax).map((path) => `\`${path}\``);
  const more = paths.length > namedMax ? ` and ${paths.length - namedMax} more` : "";
  return [`${named.join(", ")}${more}: ${what}`];
}

function names(text: string): string[] {
  return text.split("\0").filter((name) => name !== "" && !name.split("/").includes(".git"));
}
