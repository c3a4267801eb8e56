import type { Plan, Task, Tier } from "../plan/plan.ts";
import { providerOf } from "../run/cooldown.ts";
import type { Outcome } from "../run/model.ts";
import type { Routable } from "../run/routes.ts";
import type { Tally } from "./tally.ts";

/** A runner with a model that may do a task. */
export interface Doer {
  readonly runner: string;
  /** Null: the runner's own default. */
  readonly model: string | null;
  /** The account that answers it; null for a plain command. */
  readonly provider: string | null;
}

/** What a doer was taken in the place of, and why. */
export interface FellBack {
  readonly runner: string;
  readonly model: string | null;
  readonly reason: string;
}

/** Classes of failures that the same model would only repeat. */
const hopeless: ReadonlySet<string> = new Set([
  "quota",
  "model",
  "model-unknown",
  "context",
  "context-overflow",
]);

/** Who may do the tasks of a plan. `named`: the account of a runner, where the config names one. */
export class Doers {
  readonly #plan: Pick<Plan, "models">;
  readonly #named: Readonly<Record<string, string>>;

  constructor(plan: Pick<Plan, "models">, named: Readonly<Record<string, string>>) {
    this.#plan = plan;
    this.#named = named;
  }

  /** Who may do the next attempt of a task, the first choice first. */
  next(task: Task, tally: Tally): readonly Doer[] {
    if (!tally.resolves(task) || task.resolver === null)
      return this.#all(task).slice(tally.passedOver);
    const { runner, model } = task.resolver;
    return [{ runner, model, provider: providerOf(runner, model, this.#named) }];
  }

  /** Who would have done the next attempt, and why it is not to be; null for the first choice. */
  fellBack(
    task: Task,
    tally: Tally,
    choice: number,
    restWords: (provider: string) => string,
  ): FellBack | null {
    const { passedOver, passedFor } = tally;
    const [own] = this.#all(task);
    const preferred = this.#all(task)[passedOver];
    if (tally.resolves(task) || passedOver + choice === 0 || !own || !preferred) return null;
    const rests =
      choice === 0 || preferred.provider === null ? null : restWords(preferred.provider);
    const reason = [passedFor, rests].filter((each) => each !== null).join("; ");
    return { runner: own.runner, model: own.model, reason };
  }

  #all(task: Task): readonly Doer[] {
    const { runner, tier, work } = task;
    if (work.kind === "command") return [{ runner, model: task.model, provider: null }];
    const model = task.model ?? (tier === null ? null : this.#tierModel(runner, tier));
    return [{ runner, model }, ...(task.fallback ?? [])].map((each) => ({
      ...each,
      provider: providerOf(each.runner, each.model, this.#named),
    }));
  }

  #tierModel(runner: string, tier: Tier): string | null {
    return this.#plan.models[runner]?.[tier] ?? null;
  }
}

/** The same for the schedule. */
export function routeOf(doers: readonly Doer[]): Omit<Routable, "patienceMs"> {
  const [own, ...instead] = doers.map(({ runner, provider }) => ({ runner, provider }));
  return { ...(own as Doer), instead };
}

/** The class of a failure that another model may do better at; null for any other end. */
export function hopelessClass(outcome: Outcome): string | null {
  const named = classOf(outcome);
  return outcome.kind === "failed" && named !== null && hopeless.has(named) ? named : null;
}

/** True when the end of an attempt shows that its provider answers. */
export function showsAnswer(outcome: Outcome): boolean {
  if (outcome.kind === "succeeded" || outcome.kind === "unchanged") return true;
  return (
    outcome.kind === "failed" && (classOf(outcome) === null || hopelessClass(outcome) !== null)
  );
}

/** Not every runner names one. */
function classOf(outcome: Outcome): string | null {
  const named = outcome.kind === "failed" ? outcome.class : undefined;
  return typeof named === "string" ? named : null;
}
