/** Watches an agent that waits out a refusal by itself, without a word. */
export interface Patience {
  /** Aborted when the agent has made no progress for too long since it was refused. For `ProgramRequest.stop`. */
  readonly signal: AbortSignal;
  /** The text of the last refusal since the last progress; null when there was none. */
  refusal(): string | null;
  refused(text: string): void;
  progressed(): void;
  /** Gives the timer up. */
  end(): void;
}

/**
 * Starts such a watch. An agent may retry for `patienceMs` from its first refusal on; then its slot is freed. `onProgress` is
 * called at each progress.
 */
export function startPatience(patienceMs: number, onProgress: () => void): Patience {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let text: string | null = null;
  const end = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    signal: controller.signal,
    refusal: () => text,
    refused(said) {
      text = said;
      timer ??= setTimeout(() => controller.abort(), patienceMs);
    },
    progressed() {
      text = null;
      end();
      onProgress();
    },
    end,
  };
}
