/**
 * What `ra` bounds by itself, besides what plan and config say: the one place for these figures. `docs/limits.md` tells them
 * to people, and a test holds the two together. What nears a limit is warned of from `warnedFrom` of it on.
 */
export const limits = {
  /** Tasks of a plan. */
  tasks: 20_000,
  /** Tasks at once. */
  concurrency: 256,
  /** Further attempts that a plan may ask for. */
  retries: 100,
  /** Tries of a check. */
  checkTries: 20,
  /** How often a task is run again, or its conflict given to an agent, because its result conflicted. */
  conflictRetries: 3,
  /** How often one task is refused by a rate limit in a row before it counts as failed. */
  refusals: 100,
  /** Days that a rate limit may park a task at once: a clock that is wrong must not park it for years. */
  parkedDays: 8,
  /** Attempts of one task over the whole life of its run, rate limits and resumes included. */
  attemptsOfTask: 1_000,
  /** Attempts of all tasks of a run together. */
  attemptsOfRun: 100_000,
  /** Events of a run. */
  eventsOfRun: 1_000_000,
  /** Questions that the agent of one attempt may ask. */
  questions: 100,
  /** UTF-16 units of one message of an agent, which is a line of its output. */
  agentMessage: 32 * 1024 ** 2,
  /** Requests such as `ra continue` that wait for one run. */
  requests: 1_000,
  /** Requests to `ra serve` that wait for their turn. */
  queue: 64,
  /** Requests to `ra serve` that are sent together. */
  batch: 64,
  /** Bytes of what is sent to `ra serve` at once. */
  requestBytes: 1024 ** 2,
  /** Processes and threads that a program of an attempt or a check may have at a time, unless a config says otherwise. */
  processes: 8_192,
  /** Files that one result may add or change, unless a config says otherwise. */
  resultFiles: 200_000,
  /** Bytes of the files that one result adds or changes, unless a config says otherwise. */
  resultBytes: 10 * 1024 ** 3,
  /** Bytes of one log, unless a config says otherwise. */
  logBytes: 64 * 1024 ** 2,
  /** Bytes of the logs of all runs of a repository, unless a config says otherwise. */
  logBytesTotal: 2 * 1024 ** 3,
} as const;

/** The part of a limit from which on its nearing is told. */
const warnedFrom = 0.8;

/** True when so many are near a limit or beyond it. */
export function isNear(count: number, max: number): boolean {
  return count >= warnedFrom * max;
}
