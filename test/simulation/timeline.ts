import { Heap } from "../../core/heap.ts";
import type { Random } from "./random.ts";

/** Something that can die, and takes with it what it waited for. */
export interface Mortal {
  alive: boolean;
  /** Nothing of it happens before this time. */
  asleepUntil: number;
}

interface Moment {
  readonly at: number;
  readonly tie: number;
  readonly seq: number;
  readonly of: Mortal | null;
  readonly work: () => void;
  isOff: boolean;
}

/** Virtual time: everything that happens later happens here, in an order that the seed decides. */
export class Timeline {
  now = 0;
  /** Moments that came. */
  count = 0;
  readonly #random: Random;
  readonly #moments = new Heap<Moment>(
    (a, b) =>
      a.at < b.at || (a.at === b.at && (a.tie < b.tie || (a.tie === b.tie && a.seq < b.seq))),
  );
  #seq = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Calls `work` in `ms`, unless its owner is dead by then. Gives the way to call it off. */
  in(ms: number, work: () => void, of: Mortal | null = null): () => void {
    const at = this.now + Math.max(0, ms);
    const moment: Moment = {
      at,
      tie: this.#random.next(),
      seq: this.#seq++,
      of,
      work,
      isOff: false,
    };
    this.#moments.push(moment);
    return () => {
      moment.isOff = true;
    };
  }

  /** Lets the next thing happen. False: nothing is left. */
  step(): boolean {
    const moment = this.#moments.pop();
    if (moment === undefined) return false;
    if (moment.isOff || moment.of?.alive === false) return true;
    if (moment.of !== null && moment.of.asleepUntil > moment.at) {
      this.in(moment.of.asleepUntil - this.now, moment.work, moment.of);
      return true;
    }
    this.now = moment.at;
    this.count += 1;
    moment.work();
    return true;
  }
}
