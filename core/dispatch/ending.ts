/** Why a run is being ended: nothing new starts, what runs comes to its end. */
export type EndingKind = "stopped" | "interrupted" | "budget";

/** How far a run is being ended. */
export class Ending {
  #kind: EndingKind | null = null;
  #cancelled = false;

  /** Null: it goes on. */
  get kind(): EndingKind | null {
    return this.#kind;
  }

  /** True when what runs was told to end as well. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Nothing new starts. What a person asks for wins over a budget; false: that was asked for before. */
  begin(kind: EndingKind): boolean {
    const isNew = this.#kind === null || (this.#kind === "budget" && kind !== "budget");
    if (isNew) this.#kind = kind;
    return isNew;
  }

  cancel(): void {
    this.#cancelled = true;
  }
}
