import { expect, test } from "bun:test";
import { join } from "node:path";
import { onTestEnd, temporaryDirectory } from "../support/leftovers.ts";
import { testRepository } from "../support/repository.ts";
import { writeUserConfig } from "../support/user-config.ts";
import { makeLoopDisk, whyNoLoopDisk } from "./loop-disk.ts";

const reason = await whyNoLoopDisk(temporaryDirectory("ra-partial-probe"));
if (reason !== null) console.log(`partial results are skipped: ${reason}`);
const limitMs = 60_000;

test.skipIf(reason !== null)(
  "what a program wrote on a full disk does not land, though it ended well; it is run again",
  async () => {
    const repository = testRepository();
    const disk = makeLoopDisk(join(repository.top, "small"), { megabytes: 96 });
    onTestEnd(() => disk[Symbol.dispose]());
    repository.env.RA_WORKSPACES = join(disk.path, "workspaces");
    writeUserConfig(join(repository.top, "config"), "disk: { free: 24MB }\n");
    // The disk is full for a moment only, and nobody looks whether the write was possible.
    const work = [
      'case "$RA_ATTEMPT" in */1) cat /dev/zero > filler 2> /dev/null ;; esac',
      "printf whole > f.part; mv f.part f.txt",
      "sleep 0.03; rm -f filler",
    ];

    const plan = repository.plan([
      { id: "one", run: work.join("\n"), retries: { max: 0, backoff: "1ms" } },
    ]);

    const done = await repository.ra("dispatch", plan);
    const shown = await repository.ra("show", "@last/one");

    expect(done.code).toBe(0);
    expect(shown.stdout).toMatch(
      /^disk full attempt 1: it ended well, but the disk of workspaces/m,
    );
    expect(repository.git("show", "main:f.txt")).toBe("whole");
  },
  limitMs,
);
