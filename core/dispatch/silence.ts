import type { Clock } from "../clock.ts";

/** Waits for an attempt to fall silent. */
export interface Silence {
  /** One of its programs has printed something. */
  heard(): void;
  /** While a person is asked, it is not its turn to speak. */
  during<T>(answer: Promise<T>): Promise<T>;
  /** Gives the timer up. */
  end(): void;
}

/** Calls `onSilent` once, when nothing was heard for `afterMs` milliseconds. Null: never. */
export function watchSilence(clock: Clock, afterMs: number | null, onSilent: () => void): Silence {
  let last = clock.monotonic();
  let asked = 0;
  let stop = (): void => {};
  const look = (): void => {
    const left = asked > 0 ? (afterMs ?? 0) : last + (afterMs ?? 0) - clock.monotonic();
    // Programs may print a lot: the timer is set anew when it goes off, not at every word.
    if (left > 0) stop = clock.after(left, look);
    else onSilent();
  };
  if (afterMs !== null) stop = clock.after(afterMs, look);
  const heard = (): void => {
    last = clock.monotonic();
  };
  return {
    heard,
    async during(answer) {
      asked += 1;
      try {
        return await answer;
      } finally {
        asked -= 1;
        heard();
      }
    },
    end: () => stop(),
  };
}
