import { readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * What makes the page out of `cli/serve/web/`. It runs where `ra` is built (and where tests run the sources) as a macro:
 * only what it gives is in the binary.
 */

const directory = join(import.meta.dir, "web");

/** A file of the page, bundled with what it imports. Throws when it cannot be built. */
export function bundled(name: string): string {
  const options = ["--minify", "--production", "--target=browser"];
  const done = Bun.spawnSync([process.execPath, "build", join(directory, name), ...options], {
    cwd: directory,
  });
  if (done.exitCode === 0) return done.stdout.toString();
  throw new Error(`the page cannot be built: ${done.stderr.toString()}`);
}

/** A file of the page as it is. */
export function asIs(name: string): string {
  return readFileSync(join(directory, name), "utf8");
}
