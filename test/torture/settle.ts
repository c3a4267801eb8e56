import { bindGit } from "../../core/workspace/git.ts";
import { Refs } from "../../core/workspace/refs.ts";

/** Points a ref at a commit as a run does: `bun test/torture/settle.ts GIT_DIRECTORY REF COMMIT`. */
const [commonDir = "", ref = "", commit = ""] = process.argv.slice(2);
const refs = new Refs({
  user: bindGit(commonDir, process.env, { GIT_DIR: commonDir }),
  commonDir,
  gitDir: commonDir,
  sha256: false,
  reftable: false,
  stateDir: commonDir,
});
await refs.set(ref, commit);
