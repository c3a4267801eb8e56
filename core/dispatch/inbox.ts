import type { Usage } from "../run/model.ts";
import type { Assignment } from "./assignment.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { Landed } from "./hands.ts";

/** What the loop of a run waits for. */
export type Message =
  | { readonly kind: "ended"; readonly position: number; readonly end: AttemptEnd }
  | { readonly kind: "landed"; readonly position: number; readonly landed: Landed }
  | { readonly kind: "due"; readonly position: number }
  | { readonly kind: "answered"; readonly assignment: Assignment; readonly usage: Usage | null }
  | { readonly kind: "wake" };

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
