import { asMap, asText, type Draft, type Raw } from "./draft.ts";
import { commandRunner, type Known, promptRunner } from "./known.ts";
import { tierNames, tierOfDifficulty } from "./model-choice.ts";
import type { Tier } from "./plan.ts";
import type { IssueList, Path } from "./source.ts";

/** Adds what keeps prompts from a runner and a model: shells, tiers that pick no model, stand-ins that are nobody. */
export function checkModelChoice(
  root: Raw,
  drafts: readonly Draft[],
  known: Known,
  issues: IssueList,
): void {
  const defaults = asMap(root.defaults);
  const usual =
    known.override?.runner ?? asText(defaults.runner) ?? known.fallback?.runner ?? promptRunner;
  checkThresholds(root, issues);
  checkFallback(
    defaults.fallback,
    ["defaults", "fallback"],
    { root, runner: usual, known },
    issues,
  );
  for (const { raw, path } of drafts) {
    if (Object.hasOwn(raw, "run")) continue;
    const own = asText(raw.runner);
    const runner = own ?? usual;
    if (runner === commandRunner) {
      const place: Path = own ? [...path, "runner"] : ["defaults", "runner"];
      const message = `\`${commandRunner}\` runs commands and cannot be given a prompt`;
      const hint = "write `run` instead of `prompt`, or name another runner";
      issues.add({ code: "WRONG_RUNNER", path: place, message, hint });
      continue;
    }
    checkTier(root, { raw, path, runner }, known, issues);
    checkFallback(raw.fallback, [...path, "fallback"], { root, runner, known }, issues);
  }
}

function checkTier(
  root: Raw,
  { raw, path, runner }: { readonly raw: Raw; readonly path: Path; readonly runner: string },
  known: Known,
  issues: IssueList,
): void {
  const defaults = asMap(root.defaults);
  if (raw.model !== undefined || !known.runners.includes(runner)) return;
  const own = tierOf(raw, root);
  const found = own ?? (defaults.model === undefined ? tierOf(defaults, root) : null);
  if (found === null || Object.hasOwn(asMap(asMap(root.models)[runner]), found.tier)) return;
  const place: Path = [...(own === null ? ["defaults"] : path), found.key];
  addMissing(issues, place, runner, found.tier);
}

/** The tier that a task or the `defaults` name, or that follows from their difficulty, and the key that says so. */
function tierOf(raw: Raw, root: Raw): { readonly tier: Tier; readonly key: string } | null {
  const named = tierNames.find((tier) => tier === raw.tier);
  if (named !== undefined) return { tier: named, key: "tier" };
  if (raw.tier !== undefined || typeof raw.difficulty !== "number") return null;
  const tier = tierOfDifficulty(raw.difficulty, thresholds(root));
  return tier === undefined ? null : { tier, key: "difficulty" };
}

function thresholds(root: Raw): Partial<Record<Tier, number>> {
  const written = asMap(root.tiers);
  return Object.fromEntries(
    tierNames.flatMap((tier) => {
      const from = written[tier];
      return typeof from === "number" ? [[tier, from]] : [];
    }),
  );
}

/** A tier that begins no lower than a dearer one would never be used. */
function checkThresholds(root: Raw, issues: IssueList): void {
  const written = Object.entries(thresholds(root));
  for (const [at, [tier, from]] of written.entries()) {
    const [above, limit] = written[at - 1] ?? [];
    if (limit === undefined || from < limit) continue;
    const message = `\`${tier}\` would never be used, as \`${above}\` begins at ${limit}`;
    const hint = `write a number below ${limit}`;
    issues.add({ code: "BAD_VALUE", path: ["tiers", tier], message, hint });
  }
}

function checkFallback(
  value: unknown,
  path: Path,
  task: { readonly root: Raw; readonly runner: string; readonly known: Known },
  issues: IssueList,
): void {
  if (!Array.isArray(value)) return;
  for (const [i, written] of value.entries()) {
    const entry = asMap(written);
    const place: Path = [...path, i];
    if (written === entry && Object.keys(entry).length === 0) {
      const message = `\`fallback[${i}]\` names neither a model, a tier nor a runner`;
      const hint = "write `{ model: MODEL }`, `{ tier: free }` or `{ runner: RUNNER }`";
      issues.add({ code: "NO_MODEL", path: place, message, hint });
    }
    const runner = asText(entry.runner) ?? task.runner;
    if (entry.runner === commandRunner) {
      const message = `\`${commandRunner}\` runs commands and cannot be given a prompt`;
      issues.add({
        ...{ code: "WRONG_RUNNER", path: [...place, "runner"] },
        ...{ message, hint: "name a coding agent" },
      });
      continue;
    }
    const tier = tierNames.find((each) => each === entry.tier);
    if (tier === undefined || entry.model !== undefined) continue;
    if (!task.known.runners.includes(runner)) continue;
    const models = asMap(asMap(task.root.models)[runner]);
    if (!Object.hasOwn(models, tier)) addMissing(issues, [...place, "tier"], runner, tier);
  }
}

function addMissing(issues: IssueList, path: Path, runner: string, tier: Tier): void {
  const message = `\`models\` has no \`${tier}\` model for \`${runner}\``;
  const hint = `add \`models: { ${runner}: { ${tier}: MODEL } }\`, or set \`model\``;
  issues.add({ code: "NO_MODEL", path, message, hint });
}
