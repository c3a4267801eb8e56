import type { WaitReason } from "../run/event.ts";
import type { Obstacle } from "../run/schedule.ts";
import type { Roster } from "./roster.ts";

/** An obstacle in the words of the log. */
export function waitReason(roster: Roster, run: string, obstacle: Obstacle): WaitReason {
  if (obstacle.kind === "cooldown") {
    const { provider, untilMs } = obstacle;
    return { kind: "cooldown", provider, until: new Date(untilMs).toISOString() };
  }
  if (obstacle.kind !== "claim") return obstacle;
  const by = `${run}/${roster.task(obstacle.by).id}`;
  return { kind: "claim", glob: obstacle.globs.mine, by, theirs: obstacle.globs.theirs };
}
