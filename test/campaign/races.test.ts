import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "../support/leftovers.ts";
import { makeTemplate, runRace } from "./race.ts";
import { judgeRace } from "./race-oracle.ts";
import type { Standing } from "./race-user.ts";
import { campaign, inTwoLanes, Random, replayOf } from "./random.ts";

const races = campaign("races", 500);
const standings: readonly Standing[] = ["checked out", "elsewhere", "checked out", "bare"];
const limitMs = 900_000;

test(
  "a user beside a landing loses no commit and no byte, and the run lands or keeps its work",
  async () => {
    const top = temporaryDirectory("ra-races");
    const template = await makeTemplate(top);
    const wrong: string[] = [];
    const count = { landed: 0, kept: 0, thrown: 0, late: 0 };

    await inTwoLanes(races.cases, async (number) => {
      const standing = standings[number % standings.length] as Standing;
      const random = new Random("races", races.seed, number);
      const dir = join(top, `race-${number}`);
      try {
        const race = await runRace(template, dir, standing, random);
        for (const what of await judgeRace(race)) {
          wrong.push(`${replayOf(races, number)}\n  ${what}`);
        }
        if (race.late) count.late++;
        if (race.thrown !== null) count.thrown++;
        else if (race.published?.keptOn === null) count.landed++;
        else count.kept++;
      } catch (error) {
        wrong.push(`${replayOf(races, number)}\n  ${error}`);
      }
      if (races.cases.length > 1) await rm(dir, { recursive: true, force: true });
    });

    console.log(`races: ${JSON.stringify(count)}`);
    expect(wrong).toEqual([]);
    if (races.cases.length < 100) return;
    // Nearly every user must have acted in the middle, and both ends must have been seen.
    expect(count.late).toBeLessThan(races.cases.length / 3);
    expect(count.landed).toBeGreaterThan(races.cases.length / 10);
    expect(count.kept).toBeGreaterThan(races.cases.length / 10);
  },
  limitMs,
);
