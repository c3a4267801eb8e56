/** Messages in the order they arrive; one reader awaits them. */
export class Inbox<M> {
  readonly #messages: M[] = [];
  #wake: (() => void) | null = null;

  push(message: M): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  /** Everything that has arrived, at least one message. */
  async take(): Promise<readonly M[]> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    return this.#messages.splice(0);
  }
}
