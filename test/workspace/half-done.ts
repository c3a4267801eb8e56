import { join } from "node:path";
import { type Fixture, gitIn, tryGit, write } from "./fixture.ts";

/** Leaves a merge with a conflict in `a.txt`. */
export function leaveMerge(dir: string, { env }: Fixture): void {
  gitIn(dir, env, "checkout", "-qb", "one");
  write(dir, { "a.txt": "A\n" });
  gitIn(dir, env, "commit", "-qam", "one");
  gitIn(dir, env, "checkout", "-qb", "two", "HEAD~1");
  write(dir, { "a.txt": "B\n" });
  gitIn(dir, env, "commit", "-qam", "two");
  tryGit(dir, env, "merge", "-q", "one");
}

/** Leaves a rebase in the middle, with `a.txt` half resolved. */
export function leaveRebase(dir: string, { env }: Fixture): void {
  gitIn(dir, env, "checkout", "-qb", "one");
  write(dir, { "a.txt": "A\n" });
  gitIn(dir, env, "commit", "-qam", "one");
  gitIn(dir, env, "checkout", "-qb", "two", "HEAD~1");
  write(dir, { "a.txt": "B\n" });
  gitIn(dir, env, "commit", "-qam", "TWO");
  tryGit(dir, env, "rebase", "-q", "one");
  write(dir, { "a.txt": "half done\n" });
}

/** Makes a repository with a commit, and another one inside it. */
export function nestRepositories(dir: string, { env }: Fixture): void {
  write(dir, { "app/x.txt": "x", "app/in/y.txt": "y" });
  for (const path of ["app/in", "app"]) {
    gitIn(join(dir, path), env, "init", "-q");
    gitIn(
      join(dir, path),
      env,
      "-c",
      "user.name=n",
      "-c",
      "user.email=e",
      "commit",
      "-qm",
      "x",
      "--allow-empty",
    );
  }
}
