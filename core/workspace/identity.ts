import { ExitCode, RaError } from "../error.ts";
import type { Environment, Git } from "./git.ts";

/** Who a commit is by. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** Signs the commits that only keep work: they never reach a branch of the user. */
export const keeper: Identity = { name: "ra", email: "ra@localhost" };

/**
 * The user's identity as git would use it for a commit, from the configuration or from `GIT_AUTHOR_NAME`
 * and `GIT_AUTHOR_EMAIL`. Throws `RaError` (exit 6) when there is none; a guess from the host's name is
 * not accepted.
 */
export async function userIdentity(user: Git, env: Environment): Promise<Identity> {
  const said: Record<string, string> = {};
  for (const name of ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"]) {
    if (env[name]) said[name] = env[name];
  }
  const config = { "user.useConfigOnly": "true" };
  const done = await user.attempt(["var", "GIT_AUTHOR_IDENT"], { env: said, config });
  const match = /^(.+) <([^>]+)> \d+ [+-]\d{4}$/.exec(done.stdout.trim());
  if (done.code === 0 && match) return { name: match[1]!, email: match[2]! };
  throw new RaError({
    code: "GIT_NO_IDENTITY",
    exitCode: ExitCode.environment,
    message: "git does not know who the author of the commits is",
    hint: 'Run `git config --global user.name "Your Name"` and `git config --global user.email you@example.com`.',
  });
}

/** Variables that sign a commit. `date`: seconds since the epoch. */
export function signature(who: Identity, date: number): Record<string, string> {
  const stamp = `@${date} ${zone(new Date(date * 1000))}`;
  return {
    GIT_AUTHOR_NAME: who.name,
    GIT_AUTHOR_EMAIL: who.email,
    GIT_AUTHOR_DATE: stamp,
    GIT_COMMITTER_NAME: who.name,
    GIT_COMMITTER_EMAIL: who.email,
    GIT_COMMITTER_DATE: stamp,
  };
}

/** Offset of the local time zone, as git writes it: `+0130`. */
export function zone(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${two(size % 60)}`;
}
