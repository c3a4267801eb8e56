import { Registry } from "../../core/registry/registry.ts";

declare const self: Worker;

/** What an opener gets: where to open, how often, with how many others, and what all of them count in. */
export interface OpenerOrder {
  readonly stateDir: string;
  readonly rounds: number;
  readonly openers: number;
  readonly arrived: SharedArrayBuffer;
}

/** Opens one new registry a round, at the same moment as the other openers; answers with the errors. */
self.onmessage = async ({ data }: MessageEvent<OpenerOrder>) => {
  const { stateDir, rounds, openers } = data;
  const arrived = new Int32Array(data.arrived);
  const errors: string[] = [];
  for (let round = 0; round < rounds; round++) {
    Atomics.add(arrived, 0, 1);
    while (Atomics.load(arrived, 0) < openers * (round + 1)) {}
    try {
      await (await Registry.open({ stateDir: `${stateDir}/${round}` })).close();
    } catch (error) {
      errors.push((error as Error).message);
    }
  }
  self.postMessage(errors);
};
