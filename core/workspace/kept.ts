import { compileClaim } from "../plan/claim.ts";
import { type Git, type GitCall, gitFailed } from "./git.ts";
import { isHidden } from "./nested.ts";

/** What became of the ignored files that were to be taken along. */
export interface Kept {
  /** True when a repository lies among the ignored files, so that not all of them were seen. */
  readonly nested: boolean;
  /** What git said of those it cannot hold. */
  readonly unheld: readonly string[];
}

/**
 * Stages the files that git ignores and that match `globs`. `spared`: directories that are left alone. `held` says
 * whether an error of git's is about one path alone; any other is thrown as `RaError` (exit 6).
 */
export async function stageKept(
  control: Git,
  call: GitCall,
  wanted: { readonly globs: readonly string[]; readonly spared: readonly string[] },
  held: (line: string) => boolean,
): Promise<Kept> {
  if (wanted.globs.length === 0) return { nested: false, unheld: [] };
  const list = ["ls-files", "--others", "--ignored", "--exclude-standard", "-z"];
  const listed = await control.run(list, { ...call, bytes: true });
  const claim = compileClaim(wanted.globs, []);
  const names = listed.split("\0").filter((name) => name !== "" && !isHidden(name));
  const mine = names.filter((name) => {
    // Names come byte for byte, since not every name is UTF-8; globs are about characters.
    const path = Buffer.from(name, "latin1").toString();
    return claim.covers(path) && !wanted.spared.some((dir) => path.startsWith(`${dir}/`));
  });
  const files = mine.filter((name) => !name.endsWith("/"));
  const nested = names.some((name) => name.endsWith("/"));
  if (files.length === 0) return { nested, unheld: [] };
  const flags = ["-f", "--ignore-errors", "--pathspec-from-file=-", "--pathspec-file-nul"];
  const args = ["--literal-pathspecs", "add", ...flags];
  const input = files.map((name) => `${name}\0`).join("");
  const done = await control.attempt(args, { ...call, bytes: true, input });
  if (done.code === 0) return { nested, unheld: [] };
  const said = done.stderr.split("\n").filter((line) => line.startsWith("error: "));
  if (done.code !== 1 || !said.some(held)) throw gitFailed(args, done);
  return { nested, unheld: said.map((line) => line.slice("error: ".length)) };
}
