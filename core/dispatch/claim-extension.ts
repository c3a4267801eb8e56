import { type Claim, compileClaim, overlap } from "../plan/claim.ts";
import { globOfPath } from "../plan/glob.ts";
import type { EventLog, ForeignClaim } from "../run/log.ts";
import type { RunState } from "../run/state.ts";
import { isAtWork } from "../run/task.ts";

/** A path that somebody else claims. `by` is `run/task`. */
export interface TakenPath {
  readonly path: string;
  readonly by: string;
}

/** Paths that an attempt changed outside its claim. */
export interface ExtensionRequest {
  readonly task: string;
  readonly attempt: number;
  readonly paths: readonly string[];
}

/**
 * Makes paths part of a task's claim, in the transaction that looks at what others claim: other runs, and the tasks
 * of the run that are at work. Gives the paths that are taken; with one of those, the claim stays as it is.
 */
export async function extendClaim(
  around: { readonly log: EventLog; readonly run: string; readonly shared: readonly string[] },
  { task, attempt, paths }: ExtensionRequest,
): Promise<readonly TakenPath[]> {
  const { log, run, shared } = around;
  let taken: readonly TakenPath[] = [];
  await log.commit(run, ({ state, foreignClaims }) => {
    const others = holders([...foreignClaims(), ...atWork(state, task)], shared);
    taken = paths.flatMap((path) => {
      const own = compileClaim([globOfPath(path)], shared);
      const holder = others.find(({ claim }) => overlap(own, claim) !== null);
      return holder === undefined ? [] : [{ path, by: holder.by }];
    });
    if (taken.length > 0) return [];
    return [{ type: "claim.extended", task, attempt, paths: paths.map(globOfPath) }];
  });
  return taken;
}

/** Claims by who holds them: a `!glob` means nothing without the other globs of its task. */
export function holders(
  claims: readonly Pick<ForeignClaim, "run" | "task" | "glob">[],
  shared: readonly string[],
): readonly { readonly by: string; readonly claim: Claim }[] {
  const byHolder = Map.groupBy(claims, ({ run, task }) => `${run}/${task}`);
  return [...byHolder].map(([by, held]) => {
    const globs = held.map(({ glob }) => glob);
    return { by, claim: compileClaim(globs, shared) };
  });
}

/** What the other tasks of a run claim whose attempt runs or whose result is being landed. */
function atWork(
  state: RunState | undefined,
  except: string,
): Pick<ForeignClaim, "run" | "task" | "glob">[] {
  if (state === undefined) return [];
  return [...state.tasks.values()].flatMap(({ task, status, attempts }) => {
    if (!isAtWork({ status }) || task.id === except) return [];
    return (attempts.at(-1)?.touching ?? []).map((glob) => ({
      run: state.id,
      task: task.id,
      glob,
    }));
  });
}
