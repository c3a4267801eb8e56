import type { ForeignClaim } from "../run/log.ts";
import type { Assignment } from "./assignment.ts";
import type { HeldPaths, Neighbour } from "./prompt.ts";

/** Claims of those that are not among the neighbours, by holder. */
export function heldBy(claims: readonly ForeignClaim[], others: readonly Neighbour[]): HeldPaths[] {
  const running = new Set(others.map(({ id }) => id.slice(0, id.lastIndexOf("/"))));
  const byHolder = Map.groupBy(claims, ({ run, task }) => `${run}/${task}`);
  return [...byHolder]
    .filter(([by]) => !running.has(by))
    .map(([by, held]) => ({ by, globs: held.map(({ glob }) => glob) }));
}

/** An attempt of this run, as others are told of it. */
export function neighbour(run: string, { task, number, runner }: Assignment): Neighbour {
  const { id, description, touching } = task;
  return { id: `${run}/${id}/${number}`, runner: runner.name, task: description, touching };
}
