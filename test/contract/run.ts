import { join } from "node:path";
import { deadlineMs } from "../e2e/agents/world.ts";
import { type StreamAgentName, streamAgents } from "../plugins/agent-cases.ts";
import { runBunTest } from "../support/bun-test.ts";
import { closingLine } from "../support/tally.ts";
import { runCampaign } from "./campaign.ts";
import { addResult, commitName } from "./results.ts";

/**
 * `npm run test:agents`: the contract of every real agent, and a round of three at once; how it ended goes to
 * docs/results/agents.txt. `-- --campaign [ROUNDS [AGENT...]]` plays twenty such rounds and writes their result down;
 * `-- --record` keeps what the agents print as transcripts.
 */
const args = process.argv.slice(2);
const at = args.indexOf("--campaign");
if (at >= 0) {
  const [rounds = "20", ...names] = args.slice(at + 1);
  const known = Object.keys(streamAgents) as StreamAgentName[];
  const agents = known.filter((name) => names.includes(name));
  const usual = ["claude", "codex", "kilo"] as const;
  const isClean = await runCampaign(Number(rounds), agents.length > 0 ? agents : usual);
  process.exitCode = isClean ? 0 : 1;
} else {
  const files = ["streams", "outcomes", "questions", "side-by-side"].map((name) =>
    join(import.meta.dir, `${name}.contract.ts`),
  );
  files.push(join(import.meta.dir, "..", "e2e", "agents", "session.test.ts"));
  const env = {
    ...process.env,
    RA_TEST_AGENTS: "all",
    RA_RECORD: args.includes("--record") ? "1" : "",
  };
  const commit = await commitName();
  const began = performance.now();
  const result = await runBunTest([`--timeout=${deadlineMs}`, ...files], { env });
  const minutes = ((performance.now() - began) / 60_000).toFixed(0);
  const line = `${closingLine(result)}, in ${minutes} minutes`;
  process.stdout.write(`\n${line}\n`);
  // The figures are of all agents, or they are none.
  if (process.env.RA_CONTRACT === undefined) addResult(`all agents, ${commit}: ${line}`);
  process.exitCode = result.failed > 0 ? 1 : 0;
}
