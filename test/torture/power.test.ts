import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../support/leftovers.ts";
import { whyNoLoopDisk } from "./loop-disk.ts";
import { controlIsDamaged, cutTeller } from "./power-control.ts";
import { cutPower } from "./power-cut.ts";

const seed = Number(process.env.RA_TORTURE_SEED ?? Math.floor(Math.random() * 1e6));
const reason = await probe();
if (reason !== null) console.log(`power cuts are skipped: ${reason}`);
const limitMs = 120_000;

async function probe(): Promise<string | null> {
  const top = temporaryDirectory("ra-power-probe");
  const reason = await whyNoLoopDisk(top);
  rmSync(top, { recursive: true, force: true });
  return reason;
}

test.skipIf(reason !== null)(
  "what is not flushed is gone after a power cut: git as it is loses a commit that was told of",
  async () => {
    const top = temporaryDirectory("ra-power-control");

    let isDamaged = false;
    // Now and then the cut takes the control's own database with it, and proves nothing.
    for (let tries = 0; tries < 3 && !isDamaged; tries++) {
      isDamaged = await controlIsDamaged(join(top, String(tries))).catch(() => false);
    }

    expect(isDamaged).toBe(true);
  },
  limitMs,
);

test.skipIf(reason !== null)(
  "what SQLite flushed and told of before a power cut is there after it",
  async () => {
    const { before, lostBefore } = await cutTeller(temporaryDirectory("ra-power-teller"));

    expect(before).toBeGreaterThan(0);
    expect(lostBefore).toBe(0);
  },
  limitMs,
);

test.skipIf(reason !== null)(
  "all that a run told of is there after a power cut, and the run goes on to its end",
  async () => {
    const top = temporaryDirectory("ra-power");
    // Some moment of the run, and the moment it has said that it has succeeded.
    const moments = [300 + (seed % 700), 0];

    for (const [i, afterMs] of moments.entries()) {
      const cut = await cutPower(join(top, String(i)), afterMs);
      expect({ afterMs, wrong: cut.wrong }).toEqual({ afterMs, wrong: [] });
      expect(cut.told > 0 || afterMs > 0).toBe(true);
    }
  },
  limitMs,
);

test.skipIf(reason !== null)(
  "what a run told of survives a power cut although the user committed right before it, unflushed",
  async () => {
    const top = temporaryDirectory("ra-power-fresh");

    for (const [i, afterMs] of [400 + (seed % 400), 0].entries()) {
      const cut = await cutPower(join(top, String(i)), afterMs, true);
      expect({ afterMs, wrong: cut.wrong }).toEqual({ afterMs, wrong: [] });
      expect(cut.told > 0 || afterMs > 0).toBe(true);
    }
  },
  limitMs,
);
