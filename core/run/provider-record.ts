import type { ProviderRecord } from "./cooldown.ts";
import type { TaskEvent } from "./task.ts";

/** Keeps what an event of a task says of a provider. */
export function noteProvider(providers: Map<string, ProviderRecord>, event: TaskEvent): void {
  const of = (provider: string): ProviderRecord => {
    const known = providers.get(provider) ?? newProviderRecord();
    providers.set(provider, known);
    return known;
  };
  if (event.type === "attempt.started") {
    if (event.probes !== undefined && event.provider !== undefined) {
      of(event.provider).probe = { task: event.task, attempt: event.attempt };
    }
  } else if (event.type === "attempt.finished") {
    if (providers.size > 0) endProbe(providers, event);
    if (event.cooldown === undefined) return;
    const { outcome, seq, at, task, attempt } = event;
    const { provider, until, times } = event.cooldown;
    const message = outcome.kind === "rate-limited" ? outcome.message : "";
    of(provider).refused = { seq, at, until, times, task, attempt, message };
  } else if (event.type === "cooldown.ended") {
    const record = of(event.provider);
    record.answeredSeq = event.seq;
    record.refused = null;
    endProbe(providers, event);
  }
}

function endProbe(
  providers: ReadonlyMap<string, ProviderRecord>,
  { task, attempt }: { readonly task: string; readonly attempt: number },
): void {
  for (const record of providers.values()) {
    const { probe } = record;
    if (probe?.task === task && probe.attempt === attempt) record.probe = null;
  }
}

/** A provider nothing is known of. */
function newProviderRecord(): ProviderRecord {
  return { refused: null, answeredSeq: 0, probe: null };
}
