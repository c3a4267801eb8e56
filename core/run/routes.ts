import { assert } from "../assert.ts";

/** A runner that may do a task, and the account that answers it there. */
export interface Choice {
  readonly runner: string;
  /** Null when nobody has to answer. */
  readonly provider: string | null;
}

/** Who may do a task. */
export interface Routable {
  readonly runner: string;
  /** The account that answers it; null or absent when nobody has to. */
  readonly provider?: string | null;
  /** Who does it instead while that account rests, the first first. */
  readonly instead?: readonly Choice[];
  /** A rest that is not longer is waited out all the same, in milliseconds; 0 by default. */
  readonly patienceMs?: number;
}

/** What keeps every choice of a task from being taken. */
export type RouteObstacle =
  | { readonly kind: "runner-cap"; readonly runner: string }
  | { readonly kind: "cooldown"; readonly provider: string; readonly untilMs: number };

/** A provider that takes only so many starts. Times in epoch milliseconds. */
export interface Rest {
  /** 0: it has not refused, but is met step by step. */
  readonly untilMs: number;
  /** How long it lasts in all, as far as is known. */
  readonly lastsMs: number;
  /** Starts it still takes. */
  readonly room: number;
}

/** The choices of a task, its own runner first. */
export function choicesOf({ runner, provider = null, instead = [] }: Routable): readonly Choice[] {
  return [{ runner, provider }, ...instead];
}

/** Which runner takes a task: counts what runs on each, and knows which providers rest. */
export class Routes {
  readonly #caps: Readonly<Record<string, number>>;
  readonly #counts = new Map<string, number>();
  readonly #rests = new Map<string, Rest>();
  readonly #taken = new Map<number, { readonly at: number; readonly choice: Choice }>();

  constructor(caps: Readonly<Record<string, number>>) {
    this.#caps = caps;
  }

  /** Providers that rest. */
  get resting(): ReadonlyMap<string, Rest> {
    return this.#rests;
  }

  rest(provider: string, rest: Rest): void {
    this.#rests.set(provider, rest);
  }

  /** True when it rested. */
  lift(provider: string): boolean {
    return this.#rests.delete(provider);
  }

  /** Which of its choices a running task was started with; 0 is its own runner. */
  taken(position: number): number {
    return this.#taken.get(position)?.at ?? 0;
  }

  /** The choice a task would start with now, or what is in the way of all of them. */
  find(task: Routable): number | RouteObstacle {
    let resting: RouteObstacle | null = null;
    for (const [at, { runner, provider }] of choicesOf(task).entries()) {
      const rest = provider === null ? undefined : this.#rests.get(provider);
      if (provider !== null && rest && rest.room <= 0) {
        resting ??= { kind: "cooldown", provider, untilMs: rest.untilMs };
        if (at === 0 && rest.lastsMs <= (task.patienceMs ?? 0)) return resting;
        continue;
      }
      const cap = this.#caps[runner];
      const isFull = cap !== undefined && (this.#counts.get(runner) ?? 0) >= cap;
      return isFull ? { kind: "runner-cap", runner } : at;
    }
    assert(resting, "a task has no runner");
    return resting;
  }

  /** The task starts with the choice that is free. Gives the provider that takes no more after it; null: there is none. */
  start(position: number, task: Routable): string | null {
    const at = this.find(task);
    assert(typeof at === "number", `task at ${position} has nobody to do it`);
    const choice = choicesOf(task)[at] as Choice;
    this.#taken.set(position, { at, choice });
    this.#count(choice.runner, 1);
    const rest = choice.provider === null ? undefined : this.#rests.get(choice.provider);
    if (choice.provider === null || !rest) return null;
    const room = rest.room - 1;
    this.#rests.set(choice.provider, { ...rest, room });
    return room > 0 ? null : choice.provider;
  }

  /** The task runs no longer. Gives the runner that has a place more. */
  leave(position: number): string {
    const taken = this.#taken.get(position);
    assert(taken, `task at ${position} was not started`);
    this.#taken.delete(position);
    this.#count(taken.choice.runner, -1);
    return taken.choice.runner;
  }

  #count(runner: string, by: number): void {
    this.#counts.set(runner, (this.#counts.get(runner) ?? 0) + by);
  }
}
