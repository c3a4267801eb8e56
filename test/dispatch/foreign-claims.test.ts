import { describe, expect, test } from "bun:test";
import { makePlan, makeTask, startRig } from "../support/rig.ts";

describe("claims of other runs", () => {
  test("keep a task waiting with the reason, until they are released", async () => {
    const rig = await startRig(
      makePlan([makeTask("a"), makeTask("b", { deps: ["a"], touching: ["src/**"] })]),
    );
    rig.log.foreign = [{ run: "r2", task: "x", glob: "src/api.ts", live: true }];

    rig.hands.end("a");
    await rig.settle();
    const waiting = rig.log.ofType("task.waiting");
    rig.log.foreign = [];
    rig.log.touch();
    await rig.hands.started("b");
    rig.hands.end("b");
    await rig.finished;

    expect(waiting.map(({ reason }) => reason)).toEqual([
      { kind: "claim", glob: "src/**", by: "r2/x", theirs: "src/api.ts" },
    ]);
  });

  test("are not waited for with landed paths in hand when their run waits, too: what landed goes out first", async () => {
    const rig = await startRig(
      makePlan([
        makeTask("a", { touching: ["lib/**"] }),
        makeTask("b", { deps: ["a"], touching: ["src/**"] }),
      ]),
    );
    rig.log.foreign = [{ run: "r2", task: "x", glob: "src/**", live: false }];
    rig.log.waiting.add("r2");
    rig.hands.unpublished = true;

    rig.hands.end("a", { kind: "succeeded", commit: "c1" });
    await rig.settle();
    const publications = rig.hands.publications;
    const yielded = rig.log.ofType("claims.yielded").length;
    rig.log.foreign = [];
    rig.log.touch();
    await rig.hands.started("b");
    rig.hands.end("b");
    await rig.finished;

    expect([publications, yielded]).toEqual([1, 1]);
  });

  test("are waited for, whatever is in hand, while their run has something under way", async () => {
    const rig = await startRig(
      makePlan([
        makeTask("a", { touching: ["lib/**"] }),
        makeTask("b", { deps: ["a"], touching: ["src/**"] }),
      ]),
    );
    rig.log.foreign = [{ run: "r2", task: "x", glob: "src/**", live: false }];
    rig.hands.unpublished = true;

    rig.hands.end("a", { kind: "succeeded", commit: "c1" });
    await rig.settle();
    const yielded = rig.log.ofType("claims.yielded").length;
    rig.log.foreign = [];
    rig.log.touch();
    await rig.hands.started("b");
    rig.hands.end("b");
    await rig.finished;

    expect([rig.hands.publications, yielded]).toEqual([1, 0]);
  });
});
