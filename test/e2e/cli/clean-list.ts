import type { TestRepository } from "../../support/repository.ts";

/** Names of the refs that hold what a run left. */
export function refsOf({ git }: TestRepository, run: string): string[] {
  const listed = git("for-each-ref", "--format=%(refname)", `refs/ra/${run}/`);
  return listed.split("\n").filter((ref) => ref !== "");
}

/** What `ra clean --json` prints, as far as tests look at it. */
export interface Listed {
  readonly cleaned: boolean;
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

/** Runs `ra clean --json` with these words. */
export async function cleanJson(repository: TestRepository, ...args: string[]): Promise<Listed> {
  return JSON.parse((await repository.ra("clean", ...args, "--json")).stdout);
}
