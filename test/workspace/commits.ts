import type { GitRepository } from "../../core/workspace/workspace.ts";
import { type Fixture, write } from "./fixture.ts";

/** A commit on HEAD with these files added or changed; null deletes. No ref and no file of the user moves. */
export async function nextCommit(
  fixture: Fixture,
  repository: GitRepository,
  files: Record<string, string>,
  task = "api",
): Promise<string> {
  const base = fixture.head();
  const workspace = await repository.open({
    run: "r7k2",
    task,
    attempt: 1,
    isolation: "clone",
    base,
  });
  write(workspace.path, files);
  const snapshot = await workspace.snapshot("work");
  await workspace.close();
  return await repository.commit({ tree: snapshot!.tree, parent: base, message: "dispatch: task" });
}
