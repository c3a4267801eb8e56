/** Time as a dependency, so that tests own it. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from a fixed, unknown start; never jumps. For durations and deadlines. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when the signal aborts. Longer waits than a timer holds are chained. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Calls `work` once after `ms`, at most `timerMaxMs`, and gives the way to call it off. 0: as soon as what is under way
   * has settled. `idle`: it must not keep the process alive.
   */
  after(ms: number, work: () => void, options?: { readonly idle?: boolean }): () => void;
}

/** The longest delay that `setTimeout` honours; above it the timer fires at once. */
export const timerMaxMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    const end = performance.now() + ms;
    for (;;) {
      const left = end - performance.now();
      if (left <= 0 || signal?.aborted) return;
      await pause(Math.min(left, timerMaxMs), signal);
    }
  },
  after(ms, work, { idle = false } = {}) {
    if (ms === 0 && !idle) {
      const soon = setImmediate(work);
      return () => clearImmediate(soon);
    }
    const timer = setTimeout(work, ms);
    if (idle) timer.unref();
    return () => clearTimeout(timer);
  },
};

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener("abort", wake);
  });
}
