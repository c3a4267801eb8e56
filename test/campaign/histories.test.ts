import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "../support/leftovers.ts";
import { History, type Played } from "./history.ts";
import { HistoryOracle } from "./history-oracle.ts";
import { emptyTally, type Tally } from "./history-tally.ts";
import { ObjectSource } from "./object-source.ts";
import { campaign, chunks, inTwoLanes, Random, replayOf } from "./random.ts";
import { makeScratch } from "./scratch.ts";

const histories = campaign("histories", 1000);
const limitMs = 900_000;

/** Plays a batch of histories in a repository of their own; gives what is wrong, each with the words that repeat it. */
async function playBatch(top: string, numbers: readonly number[], sum: Tally): Promise<string[]> {
  const scratch = await makeScratch(join(top, `from-${numbers[0]}`));
  const source = new ObjectSource(scratch.gitDir, join(scratch.top, "home"));
  try {
    const repository = await scratch.open();
    const all: Played[] = [];
    const broken: string[] = [];
    for (const number of numbers) {
      const random = new Random("histories", histories.seed, number);
      const history = new History({ number, random, scratch, repository, source });
      try {
        all.push(await history.play());
      } catch (error) {
        broken.push(`${replayOf(histories, number)}\n  ${error}`);
      }
    }
    const oracle = new HistoryOracle(scratch, source);
    await oracle.judge(all);
    for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += oracle.tally[name];
    const found = oracle.violations.map(
      ({ number, what }) => `${replayOf(histories, number)}\n  ${what}`,
    );
    return [...broken, ...found];
  } finally {
    await source.close();
    await rm(scratch.top, { recursive: true });
  }
}

test(
  "random histories lose nothing, revert nothing, and land the trees of plain git",
  async () => {
    const top = temporaryDirectory("ra-histories");
    const sum = emptyTally();
    const wrong: string[] = [];

    await inTwoLanes(chunks(histories.cases, 25), async (numbers) => {
      wrong.push(...(await playBatch(top, numbers, sum)));
    });

    console.log(`histories: ${JSON.stringify(sum)}`);
    expect(wrong).toEqual([]);
    if (histories.cases.length < 100) return;
    // A campaign in which these do not happen would prove nothing.
    const { gitDied: _, absorbed: __, ...usual } = sum;
    for (const [name, count] of Object.entries(usual)) {
      expect([name, count > 0]).toEqual([name, true]);
    }
  },
  limitMs,
);
