import { ExitCode } from "../../core/error.ts";
import { oneLine } from "../../core/plain-text.ts";
import { amountText } from "../../core/plan/budget-words.ts";
import { tokensOf } from "../../core/run/spending.ts";
import type { AgentState } from "../agent-state.ts";
import type { Trial } from "../agent-trial.ts";
import { errorText } from "./event-lines.ts";
import { table } from "./table.ts";
import { duration } from "./text.ts";

/** Runners with what keeps each from working, and how to mend that. */
export function agentTable(agents: readonly AgentState[], nowMs: number, width: number): string {
  const columns = [
    { title: "runner" },
    { title: "version", min: 8 },
    { title: "beside others" },
    { title: "at once", align: "right" },
    { title: "state", min: 20 },
  ] as const;
  const rows = agents.map((agent) => [
    agent.name,
    agent.version === null ? "" : oneLine(agent.version),
    agent.parallel === null ? "" : agent.parallel ? "yes" : "no, asks",
    `${agent.running}${agent.concurrency === null ? "" : `/${agent.concurrency}`}`,
    stateText(agent, nowMs),
  ]);
  const fixes = agents.flatMap(({ name, fix }) =>
    fix === null ? [] : [`  ${name}: ${oneLine(fix)}`],
  );
  const mend = fixes.length === 0 ? "" : `\nto mend:\n${fixes.join("\n")}\n`;
  return `${table(columns, rows, width)}${mend}`;
}

function stateText({ usable, message, cooldowns }: AgentState, nowMs: number): string {
  if (!usable) return oneLine(message ?? "cannot be used");
  if (cooldowns.length === 0) return "starts";
  return cooldowns
    .map(({ provider, until }) => {
      const ms = Date.parse(until) - nowMs;
      const when = ms > 0 ? `until ${until} (${duration(ms)})` : "until one attempt was answered";
      return `${oneLine(provider)} refuses ${when}`;
    })
    .join("; ");
}

/** What an agent made of its tiny task, in one or two lines. */
export function trialText(name: string, { exitCode, task }: Trial): string {
  const last = task?.attempts.at(-1);
  const took = last?.durationMs == null ? "" : ` in ${duration(last.durationMs)}`;
  const tokens = tokensOf(last?.usage ?? null);
  const used = tokens === null ? "" : `, ${amountText("tokens", tokens)}`;
  const usd = last?.usage?.costUsd ?? null;
  const cost = usd === null ? "" : `, ${amountText("usd", usd)}`;
  if (exitCode === ExitCode.ok) return `${name} works: it did a tiny task${took}${used}${cost}\n`;
  const error = task?.error ?? null;
  const refused = task?.attempts.find(({ outcome }) => outcome?.kind === "rate-limited");
  const why =
    error !== null
      ? errorText(error)
      : refused
        ? `${oneLine(refused.provider ?? name)} refuses for now`
        : `the task was ${task?.status ?? "not started"}`;
  return `${name} does not work: ${why}\n`;
}
