/** A text that is no valid plan, and its issues as `CODE line:column message | hint`, all of them in order. */
export interface Malformed {
  readonly name: string;
  readonly text: string;
  readonly expected: readonly string[];
}

/** The first two lines of a plan. */
export const head = "version: 1\ntasks:\n";

/** A plan of one task `a` with further lines from line 5 on. */
export function task(more: string): string {
  const lines = more.split("\n").map((line) => `    ${line}\n`);
  return `${head}  - id: a\n    prompt: p\n${lines.join("")}`;
}

/** A plan of `count` tasks, `t0` and so on. */
export function many(count: number): string {
  const tasks = Array.from({ length: count }, (_, i) => `  - {id: t${i}, prompt: p}\n`);
  return head + tasks.join("");
}
