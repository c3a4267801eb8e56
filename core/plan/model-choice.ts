import type { Fallback, Plan, Task, Tier } from "./plan.ts";
import type { PlanInput, TaskDefaults, TaskInput } from "./plan-schema.ts";

/** For each runner the models of each tier, as the plan writes them: one, or several in order of preference. */
type Models = NonNullable<PlanInput["models"]>;

/** From which difficulty on a tier is used. */
type Thresholds = NonNullable<PlanInput["tiers"]>;

/** Names of tiers, the dearest first. */
export const tierNames: readonly Tier[] = ["top", "mid", "free"];

/** Model, tier and who stands in, as far as a prompt's runner has a choice. */
export function modelsOfPrompt(
  own: TaskInput,
  input: PlanInput,
  runner: string,
): Pick<Task, "model" | "tier" | "fallback"> {
  const { defaults = {}, models = {}, tiers = {} } = input;
  const { names, tier } = preferred(own, { defaults, models, tiers }, runner);
  const [model = null, ...rest] = names;
  const listed = own.fallback ?? defaults.fallback ?? [];
  const others = [
    ...rest.map((name) => ({ runner, model: name })),
    ...listed.flatMap((entry) => resolved(entry, { runner, tier, models })),
  ];
  const known = new Set([JSON.stringify([runner, model])]);
  const fallback = others.filter((each) => {
    const key = JSON.stringify([each.runner, each.model]);
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
  return { model, tier, ...(fallback.length === 0 ? {} : { fallback }) };
}

/** The models of the plan as runs keep them: the first of each tier. */
export function firstModels(models: Models): Plan["models"] {
  return Object.fromEntries(
    Object.entries(models).map(([runner, byTier]) => [
      runner,
      Object.fromEntries(
        tierNames.flatMap((tier) => {
          const [first] = inTier(models, runner, tier);
          return byTier[tier] === undefined || first === undefined ? [] : [[tier, first]];
        }),
      ),
    ]),
  );
}

/** The tier that a plan uses for a difficulty; undefined when it names none. */
export function tierOfDifficulty(
  difficulty: number | undefined,
  tiers: Thresholds,
): Tier | undefined {
  if (difficulty === undefined) return undefined;
  return tierNames.find((tier) => difficulty >= (tiers[tier] ?? Number.POSITIVE_INFINITY));
}

/**
 * What a task says itself wins over what `defaults` say: its model, its tier, then the tier of its difficulty; then the same of
 * `defaults`.
 */
function preferred(
  own: TaskInput,
  { defaults, models, tiers }: { defaults: TaskDefaults; models: Models; tiers: Thresholds },
  runner: string,
): { readonly names: readonly string[]; readonly tier: Tier | null } {
  const byDifficulty = tierOfDifficulty(own.difficulty, tiers);
  const usual = defaults.tier ?? tierOfDifficulty(defaults.difficulty, tiers);
  const tier = own.tier ?? byDifficulty ?? usual ?? null;
  const lists = [
    own.model === undefined ? [] : [own.model],
    inTier(models, runner, own.tier ?? byDifficulty),
    defaults.model === undefined ? [] : [defaults.model],
    inTier(models, runner, usual),
  ];
  return { names: lists.find((names) => names.length > 0) ?? [], tier };
}

function inTier(models: Models, runner: string, tier: Tier | undefined): readonly string[] {
  if (tier === undefined || !Object.hasOwn(models, runner)) return [];
  const found = models[runner]?.[tier];
  return typeof found === "string" ? [found] : (found ?? []);
}

/** One entry of a `fallback`: a model, the models of a tier, or another runner with the model of the task's own tier. */
function resolved(
  entry: NonNullable<TaskInput["fallback"]>[number],
  task: { readonly runner: string; readonly tier: Tier | null; readonly models: Models },
): Fallback[] {
  const runner = entry.runner ?? task.runner;
  if (entry.model !== undefined) return [{ runner, model: entry.model }];
  const names = inTier(task.models, runner, entry.tier ?? task.tier ?? undefined);
  if (names.length === 0) return [{ runner, model: null }];
  return names.map((model) => ({ runner, model }));
}
