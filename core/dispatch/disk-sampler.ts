/** What a sampler is told, and where it tells what it saw. */
export interface SamplerOrder {
  /** Directories that exist, one for each disk. */
  readonly paths: readonly string[];
  /** A disk with less free bytes is full. */
  readonly floorBytes: number;
  /** How many bytes a disk may lose in a millisecond. */
  readonly bytesPerMs: number;
  /** Bounds of the time between two looks, in milliseconds. */
  readonly leastMs: number;
  readonly mostMs: number;
  /** Shared: the newest mark, then for each disk the newest mark at which it was seen full. */
  readonly marks: Int32Array;
  /** Shared: the sampler ends once the first cell is not 0. */
  readonly gate: Int32Array;
}

/** Starts a sampler, and gives the way to end it. */
export type StartSampler = (order: SamplerOrder) => () => void;

/**
 * Looks at disks, the more often the less is free, until the wait between two looks is `false`: the gate was closed. It is
 * sent to its thread as text, so nothing outside of it has a meaning in it.
 */
export function sampleDisks(
  order: SamplerOrder,
  freeOf: (path: string) => number,
  wait: (ms: number) => boolean,
): void {
  const { paths, floorBytes, bytesPerMs, leastMs, mostMs, marks } = order;
  let waitMs = leastMs;
  do {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < paths.length; i++) {
      const free = freeOf(paths[i] as string);
      if (free < floorBytes) Atomics.store(marks, i + 1, Atomics.load(marks, 0));
      least = Math.min(least, free);
    }
    waitMs = Math.min(Math.max((least - floorBytes) / bytesPerMs, leastMs), mostMs);
  } while (wait(waitMs));
}

/** Source of the thread. A module file of its own would have another name in the binary than beside this one. */
const source = `
import { statfsSync } from "node:fs";
const freeOf = (path) => {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
};
self.onmessage = ({ data }) => {
  (${sampleDisks})(data, freeOf, (ms) => Atomics.wait(data.gate, 0, 0, ms) === "timed-out");
  close();
};
`;

/**
 * Starts a sampler in a thread of its own: while this one waits for the disk, a disk may be full and not any more. Where no
 * thread can be had nothing is sampled.
 */
export const startSampler: StartSampler = (order) => {
  const url = URL.createObjectURL(new Blob([source]));
  try {
    const worker = new Worker(url, { name: "disks", smol: true });
    worker.unref();
    worker.onerror = (event) => event.preventDefault();
    worker.postMessage(order);
  } catch {
    // Whoever watches still looks by itself at the start and at the end of each attempt.
  }
  return () => {
    Atomics.store(order.gate, 0, 1);
    Atomics.notify(order.gate, 0);
    URL.revokeObjectURL(url);
  };
};
