import type { Finding, Outcome } from "../run/model.ts";
import type { Repository, Snapshot, Workspace } from "../workspace/workspace.ts";
import { findExecutableConfig } from "./executable-config.ts";

/** Takes what an attempt left, whatever its outcome, and turns "succeeded" into what the tree says. `name`: `run/task/attempt`. */
export async function captureWork(
  name: string,
  workspace: Workspace | null,
  outcome: Outcome,
): Promise<{ outcome: Outcome; snapshot: Snapshot | null }> {
  if (workspace === null) return { outcome, snapshot: null };
  const snapshot = await workspace.snapshot(`ra: what ${name} left`);
  if (outcome.kind !== "succeeded") {
    await workspace.restore();
    return { outcome, snapshot };
  }
  if (snapshot === null || snapshot.unchanged) return { outcome: { kind: "unchanged" }, snapshot };
  return { outcome: { kind: "succeeded", commit: snapshot.commit }, snapshot };
}

/** What a person should look at in what an attempt left. */
export async function findingsIn(
  snapshot: Snapshot | null,
  base: string | null,
  repository: Repository | null,
): Promise<readonly Finding[]> {
  if (snapshot === null || base === null || repository === null) return [];
  const found = await findExecutableConfig(repository, base, snapshot.commit, snapshot.changes);
  return found === null ? [] : [found];
}
