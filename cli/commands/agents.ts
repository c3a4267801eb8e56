import { ExitCode } from "../../core/error.ts";
import { jsonText } from "../../core/plain-text.ts";
import { spentBy } from "../../core/run/spending.ts";
import { findPlace } from "../../core/workspace/place.ts";
import { listAgents } from "../agent-list.ts";
import { type Trial, tryAgent } from "../agent-trial.ts";
import type { CommandBody, Terminal } from "../command.ts";
import { loadConfig } from "../config.ts";
import { flag } from "../option.ts";
import { openRecorded } from "../recorded.ts";
import { runnerNames } from "../runner-names.ts";
import { usageError } from "../usage.ts";
import { agentTable, trialText } from "../view/agents.ts";

/** `ra agents`: the runners and their state; `ra agents test NAME`: lets one do a tiny real task. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const [action, name] = args;
  const json = flag(options, "json");
  if (action === undefined) return await list(terminal, json);
  if (action !== "test") {
    throw usageError(`\`ra agents\` does not know \`${action}\``, "write `ra agents test NAME`");
  }
  if (name === undefined || !runnerNames.includes(name)) {
    const what = name === undefined ? "needs the name of a runner" : `does not know \`${name}\``;
    throw usageError(`\`ra agents test\` ${what}`, `there are: ${runnerNames.join(", ")}`);
  }
  const trial = await tryAgent(terminal, name);
  terminal.out(json ? `${jsonText(trialJson(name, trial))}\n` : trialText(name, trial));
  return trial.exitCode;
};

async function list(terminal: Terminal, json: boolean): Promise<ExitCode> {
  const place = findPlace(terminal.cwd);
  const config = await loadConfig({ root: place.root, env: terminal.env, runners: runnerNames });
  await using registry = await openRecorded(place);
  await registry?.reap();
  const agents = await listAgents(terminal, config, registry);
  const text = json
    ? `${jsonText({ v: 1, agents })}\n`
    : agentTable(agents, Date.now(), terminal.columns);
  terminal.out(text);
  return ExitCode.ok;
}

function trialJson(name: string, { exitCode, task }: Trial): object {
  const last = task?.attempts.at(-1);
  return {
    ...{ v: 1, name, ok: exitCode === ExitCode.ok, exitCode },
    status: task?.status ?? null,
    error: task?.error ?? null,
    outcome: last?.outcome ?? null,
    model: last?.model ?? null,
    durationMs: last?.durationMs ?? null,
    spent: task === null ? null : spentBy(task),
  };
}
