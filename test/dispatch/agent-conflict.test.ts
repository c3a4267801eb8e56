import { describe, expect, test } from "bun:test";
import type { Landing, Outcome } from "../../core/run/model.ts";
import { makePlan, makeTask, startRig } from "../support/rig.ts";

const retries = { max: 1, backoffMs: 1000, maxBackoffMs: 5000 };
const merged = { kind: "succeeded", commit: "tree" } as const;
const conflict: Landing = { kind: "conflicted", paths: ["a.ts"], with: ["other"] };

describe("gives a conflict to an agent when the plan says so", () => {
  const work = { kind: "prompt", prompt: "do" } as const;
  const agent = makeTask("a", { work, onConflict: "agent", retries });

  test("and says so in the log, with what is to be resolved", async () => {
    const rig = await startRig(makePlan([agent]));
    rig.hands.landings.set("a", conflict);

    rig.hands.end("a", merged);
    await rig.hands.started("a");
    const assignment = rig.hands.live.get("a")?.assignment;
    rig.hands.landings.delete("a");
    rig.hands.end("a", merged);
    const end = await rig.finished;

    expect(end.exitCode).toBe(0);
    expect(assignment).toMatchObject({
      resolves: true,
      clash: { attempt: 1, base: "base", commit: "left-a", paths: ["a.ts"], with: ["other"] },
    });
    const starts = rig.log.ofType("attempt.started").map(({ resolves }) => resolves);
    expect(starts).toEqual([undefined, { attempt: 1, paths: ["a.ts"], with: ["other"] }]);
  });

  test.each<[string, Outcome, string]>([
    ["fails", { kind: "failed", message: "no" }, "no"],
    ["changes nothing", { kind: "unchanged" }, "the agent reported success, but changed nothing"],
    ["is lost", { kind: "lost" }, "its process vanished"],
  ])("and it stays a conflict when the agent %s", async (_, outcome, why) => {
    const rig = await startRig(makePlan([{ ...agent, allowNoChange: true }]));
    rig.hands.landings.set("a", conflict);

    rig.hands.end("a", merged);
    await rig.hands.started("a");
    rig.hands.end("a", outcome);
    const end = await rig.finished;

    expect(end.exitCode).toBe(7);
    expect(rig.log.ofType("run.finished")[0]?.tasks[0]?.error).toEqual({
      kind: "conflict",
      message: `conflict with other in a.ts; not resolved: ${why}`,
    });
  });

  test("and it stays a conflict when the answer does not pass the check", async () => {
    const rig = await startRig(makePlan([agent]));
    rig.hands.landings.set("a", conflict);
    rig.hands.end("a", merged);
    await rig.hands.started("a");

    rig.hands.landings.set("a", { kind: "unverified", message: "`test` exited 1" });
    rig.hands.end("a", merged);
    await rig.finished;

    const error = rig.log.ofType("run.finished")[0]?.tasks[0]?.error;
    expect(error?.kind).toBe("conflict");
    expect(error?.message).toEndWith("not resolved: `test` exited 1");
  });

  test("as often as results conflict anew, but not for ever", async () => {
    const rig = await startRig(makePlan([agent]));
    rig.hands.landings.set("a", conflict);

    for (let round = 0; round < 4; round++) {
      await rig.hands.started("a");
      rig.hands.end("a", merged);
      await rig.settle();
    }
    const end = await rig.finished;

    expect(end.exitCode).toBe(7);
    const resolved = rig.log.ofType("attempt.started").map(({ resolves }) => resolves?.attempt);
    expect(resolved).toEqual([undefined, 1, 2, 3]);
  });

  test("again after a rate limit", async () => {
    const rig = await startRig(makePlan([agent]));
    rig.hands.landings.set("a", conflict);
    rig.hands.end("a", merged);
    await rig.hands.started("a");
    rig.hands.landings.delete("a");

    rig.hands.end("a", { kind: "rate-limited", until: null, message: "slow down" });
    await rig.settle();
    rig.clock.advance(10_000);
    await rig.hands.started("a");
    const { resolves } = rig.hands.live.get("a")?.assignment ?? {};
    rig.hands.end("a", merged);
    await rig.finished;

    expect(resolves).toBe(true);
  });
});
