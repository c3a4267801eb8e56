import type { StreamAgentName } from "../plugins/agent-cases.ts";
import { addResult, commitName } from "./results.ts";
import { playRound } from "./side-by-side.ts";

const atOnce = 3;

/**
 * Plays many rounds of three at once for each agent and adds a line for each to docs/results/agents.txt; true when
 * nothing went wrong. A round takes Kilo half a minute or more, so a campaign may be played in parts.
 */
export async function runCampaign(
  rounds: number,
  agents: readonly StreamAgentName[],
): Promise<boolean> {
  let wrong = 0;
  const commit = await commitName();
  for (const agent of agents) {
    const walls: number[] = [];
    const complaints: string[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const { complaints: found, wallMs } = await playRound(agent, atOnce);
      walls.push(wallMs);
      complaints.push(...found.map((each) => `  round ${round}: ${each}`));
      console.info(`${agent} round ${round}: ${found.length} complaints, ${Math.round(wallMs)} ms`);
    }
    wrong += complaints.length;
    const sorted = walls.toSorted((a, b) => a - b);
    const median = ((sorted[Math.floor(sorted.length / 2)] ?? 0) / 1000).toFixed(1);
    const told = `${rounds} rounds of ${atOnce} at once on one new home, ${complaints.length} complaints`;
    const line = `${agent}, ${commit}: ${told}; a round took ${median} s at the median`;
    addResult([line, ...complaints].join("\n"));
  }
  return wrong === 0;
}
