import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "bun";

/** One of two ways to do the same work. */
export interface Contender {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Puts the world back before each round; not timed. */
  readonly prepare?: () => void;
  /** Looks at what a round left behind and throws when it is not what was asked for; not timed. */
  readonly check?: () => void;
}

/** Milliseconds of wall time, and the largest resident memory in bytes, over all rounds. */
export interface Timing {
  readonly name: string;
  readonly minMs: number;
  readonly medianMs: number;
  readonly peakBytes: number;
}

/** Two contenders over the same rounds. `ratio`: median of the second by median of the first. */
export interface Comparison {
  readonly timings: readonly [Timing, Timing];
  readonly ratio: number;
  /** Median of the ratios of neighbouring rounds; less shaken by a load that comes and goes. */
  readonly pairedRatio: number;
}

interface Round {
  readonly ms: number;
  readonly peakBytes: number;
}

/**
 * Times two commands in turn, A B A B, after one round of each that does not count. Turns cancel out what the
 * machine does meanwhile. Output goes to files, as a user would have it. Throws when a command fails.
 */
export function compare(first: Contender, second: Contender, rounds: number): Comparison {
  time(first);
  time(second);
  const times: [Round[], Round[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    times[0].push(time(first));
    times[1].push(time(second));
  }
  const timings = [summarise(first.name, times[0]), summarise(second.name, times[1])] as const;
  const pairs = times[0].map(({ ms }, round) => times[1][round]!.ms / ms);
  return {
    timings: [...timings],
    ratio: timings[1].medianMs / timings[0].medianMs,
    pairedRatio: median(pairs),
  };
}

/** A comparison as two lines of numbers and one with the ratio. */
export function render(comparison: Comparison): string {
  const width = Math.max(...comparison.timings.map(({ name }) => name.length));
  const lines = comparison.timings.map(
    ({ name, minMs, medianMs, peakBytes }) =>
      `${name.padEnd(width)}  min ${ms(minMs)}  median ${ms(medianMs)}  peak ${megabytes(peakBytes)}`,
  );
  const { ratio, pairedRatio } = comparison;
  return [...lines, `ratio ${ratio.toFixed(2)} (paired ${pairedRatio.toFixed(2)})`, ""].join("\n");
}

/** The middle value; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Bytes as megabytes for a table. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0).padStart(4)} MB`;
}

function time(contender: Contender): Round {
  contender.prepare?.();
  const path = join(tmpdir(), `ra-bench-${process.pid}.out`);
  const output = openSync(path, "w");
  const started = performance.now();
  const { exitCode, resourceUsage } = spawnSync([...contender.argv], {
    ...(contender.cwd === undefined ? {} : { cwd: contender.cwd }),
    env: { ...process.env, ...contender.env },
    stdin: "ignore",
    stdout: output,
    stderr: output,
  });
  const elapsed = performance.now() - started;
  closeSync(output);
  const said = exitCode === 0 ? "" : readFileSync(path, "utf8").slice(-500);
  rmSync(path);
  if (exitCode !== 0) throw new Error(`${contender.name} ended with ${exitCode}: ${said}`);
  contender.check?.();
  return { ms: elapsed, peakBytes: resourceUsage.maxRSS };
}

function summarise(name: string, rounds: readonly Round[]): Timing {
  const times = rounds.map(({ ms }) => ms);
  const peakBytes = Math.max(...rounds.map(({ peakBytes }) => peakBytes));
  return { name, minMs: Math.min(...times), medianMs: median(times), peakBytes };
}

function ms(value: number): string {
  return `${value.toFixed(1).padStart(8)} ms`;
}
