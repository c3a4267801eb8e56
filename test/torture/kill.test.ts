import { expect, test } from "bun:test";
import { temporaryDirectory } from "../support/leftovers.ts";
import { endlessOrdeals, quantile, torture } from "./campaign.ts";

const seed = Number(process.env.RA_TORTURE_SEED ?? Math.floor(Math.random() * 1e6));
const killsMax = 100;
/** Every reference run gets its turn. */
const killsPerRun = 20;
const limitMs = 600_000;

/** Far more than a recovery may take: tests run side by side. docs/results/torture.txt tells what it does take. */
const recoveryLimitMs = 60_000;

test(
  "a run that is killed again and again loses nothing, lands everything once and leaves nothing behind",
  async () => {
    console.log(`torture: seed ${seed}, replay with RA_TORTURE_SEED=${seed}`);
    const ordeals = endlessOrdeals(seed, 0, killsPerRun);

    const outcome = await torture(temporaryDirectory("ra-torture"), ordeals, { killsMax });

    const { kills, recoveriesMs, startsMs, wrong } = outcome;
    const most = quantile(recoveriesMs, 1);
    console.log(
      `torture: ${kills} kills, recovery median ${quantile(recoveriesMs, 0.5)} ms, most ${most} ms; ` +
        `start median ${quantile(startsMs, 0.5)} ms`,
    );
    expect(wrong).toEqual([]);
    expect(outcome.dirty).toBeGreaterThan(0);
    expect(kills).toBeGreaterThanOrEqual(killsMax);
    expect(most).toBeLessThan(recoveryLimitMs);
  },
  limitMs,
);
