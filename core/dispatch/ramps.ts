import { ceilingAfter, Ramp } from "./ramp.ts";

/** At so many attempts at once a provider that nothing is known of is met without a ramp: that is the usual number. */
const unbraked = 3;

/** The ramps of a run, by provider, and how many attempts at once each provider was found to bear. */
export class Ramps {
  readonly #concurrency: number;
  readonly #ramps = new Map<string, Ramp>();
  /** Of those that have refused. */
  readonly #ceilings = new Map<string, number>();
  /** Those on which something was started. */
  readonly #met = new Set<string>();

  /** `concurrency`: the most that the run lets run at once. */
  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  get(provider: string): Ramp | undefined {
    return this.#ramps.get(provider);
  }

  /** A new ramp for a provider that has refused. */
  begin(provider: string): Ramp {
    const ramp = Ramp.again(this.#ceilings.get(provider) ?? this.#concurrency);
    this.#ramps.set(provider, ramp);
    return ramp;
  }

  /** Something starts on a provider: the ramp it has, a new one the first time where many may follow. */
  meet(provider: string): Ramp | undefined {
    const isNew = !this.#met.has(provider) && !this.#ramps.has(provider);
    this.#met.add(provider);
    if (isNew && this.#concurrency > unbraked) this.#ramps.set(provider, Ramp.first());
    return this.#ramps.get(provider);
  }

  /** A provider has refused while so many ran. */
  refused(provider: string, running: number): void {
    this.#ceilings.set(provider, ceilingAfter(running, this.#ceilings.get(provider)));
  }

  /** Nothing starts on it, and what it was found to bear is kept. */
  close(provider: string): void {
    const ramp = this.#ramps.get(provider);
    if (!ramp) return;
    const known = this.#ceilings.get(provider) ?? ramp.ceiling;
    this.#ceilings.set(provider, Math.min(known, ramp.ceiling));
    this.#ramps.delete(provider);
  }

  /** True when a ramp keeps nothing back any more: then it is forgotten. */
  end(provider: string, ramp: Ramp): boolean {
    if (!ramp.isOpen || !ramp.isWide(this.#concurrency)) return false;
    this.#ramps.delete(provider);
    this.#ceilings.delete(provider);
    return true;
  }
}
