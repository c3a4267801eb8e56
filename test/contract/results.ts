import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root, runProgram } from "../support/program.ts";

/** Adds lines to docs/results/agents.txt. */
export function addResult(text: string): void {
  const directory = join(root, "docs", "results");
  mkdirSync(directory, { recursive: true });
  appendFileSync(join(directory, "agents.txt"), `${text}\n`);
}

/** The commit that results are of. */
export async function commitName(): Promise<string> {
  return (await runProgram(["git", "describe", "--always"])).out.trim();
}
