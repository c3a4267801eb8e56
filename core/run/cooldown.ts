/*
 * A provider that refuses one attempt refuses them all, whatever run they are of. Each run records what it was told;
 * put together, the records of all runs say which providers rest, and which attempt finds out whether one answers again.
 */

/** The refusal of a provider, as a run records it. */
export interface Refused {
  readonly seq: number;
  readonly at: string;
  /** When it may be asked again, ISO 8601. */
  readonly until: string;
  /** How often in a row it has refused, this time included; of all runs together. */
  readonly times: number;
  readonly task: string;
  readonly attempt: number;
  readonly message: string;
}

/** What one run knows of a provider. */
export interface ProviderRecord {
  refused: Refused | null;
  /** `seq` of the last fact that it answers again; 0: there is none. */
  answeredSeq: number;
  /** The attempt that finds out whether it answers again, while it runs. */
  probe: { readonly task: string; readonly attempt: number } | null;
}

/** A provider that rests, or that has not answered since. */
export interface Cooldown {
  readonly provider: string;
  /** ISO 8601. When it has passed, one attempt at a time may ask. */
  readonly until: string;
  readonly times: number;
  /** The attempt that was refused. */
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  readonly message: string;
  readonly at: string;
  /** The attempt of whatever run that is asking: `run/task/attempt`. */
  readonly probe: { readonly run: string; readonly task: string; readonly attempt: number } | null;
}

/** The record of one run on one provider. `live`: the `ra` that drives the run is at work. */
export interface KnownRecord extends ProviderRecord {
  readonly run: string;
  readonly provider: string;
  readonly live: boolean;
}

/** A refusal that nobody has heard of again for so long after its end says nothing any more, in milliseconds. */
const forgottenMs = 60 * 60 * 1000;

/** Added to the reset time that a provider names: clocks differ. In milliseconds. */
export const resetMarginMs = 1000;

/** The most that is added by chance to a wait: as a part of it, and in milliseconds. */
const jitterPart = 0.1;
const jitterMaxMs = 5000;

/**
 * The name of the account that answers an attempt: what the config names for its runner, else the runner, with the part
 * of the model in front of its first slash.
 */
export function providerOf(
  runner: string,
  model: string | null,
  named: Readonly<Record<string, string>> = {},
): string {
  const own = Object.hasOwn(named, runner) ? named[runner] : undefined;
  if (own !== undefined) return own;
  const slash = model?.indexOf("/") ?? -1;
  return slash > 0 ? `${runner}/${model?.slice(0, slash)}` : runner;
}

/** The providers that rest at a time, epoch milliseconds, from what all runs know; by name. */
export function standingCooldowns(records: readonly KnownRecord[], nowMs: number): Cooldown[] {
  const found = [...Map.groupBy(records, ({ provider }) => provider)].flatMap(([, ofOne]) => {
    const cooldown = standing(ofOne, nowMs);
    return cooldown === null ? [] : [cooldown];
  });
  return found.sort((a, b) => (a.provider < b.provider ? -1 : 1));
}

function standing(records: readonly KnownRecord[], nowMs: number): Cooldown | null {
  const answered = Math.max(...records.map(({ answeredSeq }) => answeredSeq));
  const open = records.flatMap(({ run, provider, refused }) => {
    if (refused === null || refused.seq <= answered) return [];
    if (Date.parse(refused.until) + forgottenMs <= nowMs) return [];
    return [{ run, provider, ...refused }];
  });
  const [first, ...others] = open;
  if (first === undefined) return null;
  const last = others.reduce((a, b) => (Date.parse(b.until) > Date.parse(a.until) ? b : a), first);
  const times = Math.max(...open.map((each) => each.times));
  const probing = records.find(({ probe, live }) => probe !== null && live);
  const probe = probing?.probe ? { run: probing.run, ...probing.probe } : null;
  const { seq: _, ...rest } = last;
  return { ...rest, times, probe };
}

/** How long a provider is left alone after a refusal, and how often in a row it has refused. Times in epoch milliseconds. */
export function restAfter(refusal: {
  readonly provider: string;
  /** When it said that it answers again; null: it did not say. */
  readonly namedMs: number | null;
  readonly nowMs: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** What stood when it refused; null: nothing. */
  readonly before: Pick<Cooldown, "until" | "times"> | null;
  /** False: the attempt was under way when that began, and so says nothing new. */
  readonly isNews: boolean;
}): { readonly untilMs: number; readonly times: number } {
  const { provider, namedMs, nowMs, before, isNews } = refusal;
  const times = before === null ? 1 : before.times + (isNews ? 1 : 0);
  const heldMs = before === null ? 0 : Date.parse(before.until);
  if (namedMs === null && !isNews && heldMs > nowMs) return { untilMs: heldMs, times };
  // A reset time that did not hold is believed less each time.
  const doubtMs = namedMs === null ? backoff(refusal, times) : backoff(refusal, times - 1);
  const named = namedMs === null ? 0 : Math.max(namedMs, nowMs) + resetMarginMs;
  const untilMs = Math.max(named, nowMs + doubtMs);
  const chance = Math.min((untilMs - nowMs) * jitterPart, jitterMaxMs);
  const jitterMs = Math.round(fraction(`${provider} ${times}`) * chance);
  return { untilMs: Math.max(untilMs + jitterMs, heldMs), times };
}

/** Doubles from `backoffMs`, never above `maxBackoffMs`; nothing for 0 times. */
function backoff(
  { backoffMs, maxBackoffMs }: { readonly backoffMs: number; readonly maxBackoffMs: number },
  times: number,
): number {
  return times < 1 ? 0 : Math.min(backoffMs * 2 ** (times - 1), maxBackoffMs);
}

/** A number from 0 to 1 that looks like chance and is the same for the same text. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
  }
  return (hash >>> 0) / 2 ** 32;
}
