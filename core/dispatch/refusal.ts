import { restAfter } from "../run/cooldown.ts";
import type { CooldownFact } from "../run/event.ts";
import type { Decision } from "../run/log.ts";
import type { Outcome } from "../run/model.ts";
import type { Assignment } from "./assignment.ts";

/** How long the provider of an attempt rests, as decided in the transaction that records its refusal; null without a provider. */
export function refusalOf(
  { provider, task }: Assignment,
  outcome: Extract<Outcome, { kind: "rate-limited" }>,
  { state, cooldowns }: Decision,
  nowMs: number,
): CooldownFact | null {
  if (provider === null) return null;
  const before = cooldowns().find((each) => each.provider === provider) ?? null;
  const startedAt = state?.tasks.get(task.id)?.attempts.at(-1)?.startedAt ?? "";
  const named = outcome.until === null ? Number.NaN : Date.parse(outcome.until);
  const { untilMs, times } = restAfter({
    provider,
    namedMs: Number.isNaN(named) ? null : named,
    nowMs,
    ...task.retries,
    before,
    isNews: before === null || startedAt > before.at,
  });
  return { provider, until: new Date(untilMs).toISOString(), times };
}
