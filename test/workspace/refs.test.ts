import { expect, test } from "bun:test";
import { join } from "node:path";
import { bindGit } from "../../core/workspace/git.ts";
import { Refs } from "../../core/workspace/refs.ts";
import { commitFiles, makeRepository } from "./fixture.ts";

test("a ref moves only from where it was said to stand", async () => {
  const fixture = makeRepository();
  const commonDir = join(fixture.dir, ".git");
  const user = bindGit(commonDir, fixture.env, { GIT_DIR: commonDir });
  const refs = new Refs({
    ...{ user, commonDir, gitDir: commonDir, sha256: false, reftable: false },
    stateDir: join(commonDir, "ra"),
  });
  const first = fixture.head();
  const second = commitFiles(fixture, { "a.txt": "b\n" }, "second");
  fixture.git("branch", "other", second);
  const ref = "refs/heads/other";

  const stale = await refs.swap({ ref, from: first, to: first });
  const absent = await refs.swap({ ref, from: null, to: first });
  const unmoved = await refs.read(ref);
  const right = await refs.swap({ ref, from: second, to: first });

  expect([stale, absent, unmoved]).toEqual([false, false, second]);
  expect([right, await refs.read(ref)]).toEqual([true, first]);
});
