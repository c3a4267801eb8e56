import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { temporaryDirectory } from "../support/leftovers.ts";
import { BrokenOffRun } from "./full-disk-state.ts";
import { whyNoLoopDisk } from "./loop-disk.ts";

const reason = await probe();
if (reason !== null) console.log(`full disks are skipped: ${reason}`);
const limitMs = 180_000;

async function probe(): Promise<string | null> {
  const top = temporaryDirectory("ra-full-disk-probe");
  const reason = await whyNoLoopDisk(top);
  rmSync(top, { recursive: true, force: true });
  return reason;
}

test.skipIf(reason !== null)(
  "on a full disk a run can be looked at, waits for room and ends whole when there is some",
  async () => {
    using run = await BrokenOffRun.make(temporaryDirectory("ra-full-disk"), 1024);

    const state = { blockBytes: 1024, freeBytes: 0, closed: true };
    const outcome = await run.meet({ ...state, ballast: false });

    expect(outcome.wrong).toEqual([]);
    // Else there was nothing to see to.
    expect(outcome.plain).not.toBeNull();
  },
  limitMs,
);
