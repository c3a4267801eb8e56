import { join } from "node:path";
import { type StreamAgentName, streamAgents } from "../plugins/agent-cases.ts";
import { runCampaign } from "./campaign.ts";

/**
 * `npm run test:agents`: the contract of every real agent, and a round of three at once. `-- --campaign [ROUNDS
 * [AGENT...]]` plays twenty such rounds and writes their result down; `-- --record` keeps what the agents print as transcripts.
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
  const child = Bun.spawn([process.execPath, "test", "--timeout=240000", ...files], {
    env,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  process.exitCode = await child.exited;
}
