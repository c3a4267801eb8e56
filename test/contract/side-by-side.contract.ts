import { expect } from "bun:test";
import { deadlineMs } from "../e2e/agents/world.ts";
import { testWith } from "../support/agents.ts";
import { playRound } from "./side-by-side.ts";

for (const agent of ["kilo", "claude", "codex", "opencode", "gemini"] as const) {
  testWith(agent)(
    `three ${agent} work at once on one home, and none meets another`,
    async () => {
      const { complaints } = await playRound(agent, 3);

      expect(complaints).toEqual([]);
    },
    deadlineMs,
  );
}
