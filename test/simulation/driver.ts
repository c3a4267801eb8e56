import type { Mortal } from "./timeline.ts";

/** What a dead driver's code throws when it goes on although nobody is there. */
export class Dead extends Error {}

/** One process of `ra` that drives a run. */
export class Driver implements Mortal {
  alive = true;
  asleepUntil = 0;
  readonly pid: number;
  readonly run: string;
  /** How long the next look for news is away; it grows while nothing happens. */
  pollMs = 100;

  constructor(pid: number, run: string) {
    this.pid = pid;
    this.run = run;
  }
}
