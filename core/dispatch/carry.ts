import type { Outcome } from "../run/model.ts";
import type { Repository, Snapshot } from "../workspace/workspace.ts";
import type { AttemptEnd } from "./attempt.ts";

/** What an attempt finds in its workspace of what the one before left. */
export type Carried = "kept" | "gone";

/** Where an attempt starts. */
export interface Start {
  readonly base: string | null;
  /** The commit its result is measured from, where `base` also holds what an earlier attempt left. */
  readonly onto: string | null;
}

/**
 * Starts an attempt with what an earlier one left, merged onto `tip`; on `tip` alone where that conflicts. The end is that of an
 * attempt that started on `tip` and did all of the work. `ref` keeps what it leaves.
 */
export async function carryOn(
  input: {
    readonly repository: Repository;
    readonly tip: string;
    readonly kept: string;
    readonly ref: string;
  },
  attempt: (start: Start & { readonly carried: Carried }) => Promise<AttemptEnd>,
): Promise<AttemptEnd> {
  const { repository, tip, kept, ref } = input;
  const base = await repository.carried({ tip, kept });
  if (base === null) return attempt({ base: tip, onto: null, carried: "gone" });
  if (base === tip) return attempt({ base: tip, onto: null, carried: "kept" });
  const end = await attempt({ base, onto: tip, carried: "kept" });
  if (end.snapshot === null) return end;
  const snapshot = await replanted(repository, end.snapshot, { tip, ref });
  // What it found there may be all that was to be done.
  const isDone = end.outcome.kind === "succeeded" || end.outcome.kind === "unchanged";
  const done: Outcome = snapshot.unchanged
    ? { kind: "unchanged" }
    : { kind: "succeeded", commit: snapshot.commit };
  return { ...end, outcome: isDone ? done : end.outcome, snapshot, base: tip };
}

/** The files of a snapshot as the change of `tip` that they are, kept at `ref`. */
export async function replanted(
  repository: Repository,
  { commit: taken, notes }: Snapshot,
  { tip, ref }: { readonly tip: string; readonly ref: string },
): Promise<Snapshot> {
  const commit = await repository.replant({ commit: taken, parent: tip, without: [] });
  const [tree, changes] = await Promise.all([
    repository.tree(commit),
    repository.changes(tip, commit),
  ]);
  const unchanged = changes.length === 0;
  if (!unchanged) await repository.pin(ref, commit);
  return { commit, tree, unchanged, changes, notes };
}
