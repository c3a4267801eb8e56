import type { RaError } from "../../core/error.ts";
import { loadPlan } from "../../core/plan/load.ts";
import type { Issue } from "../../core/plan/plan.ts";
import { findPlace } from "../../core/workspace/place.ts";
import type { CommandBody } from "../command.ts";
import { concurrencyOf, knownOf, loadConfig } from "../config.ts";
import { prepareRun, startRun } from "../drive.ts";
import { flag, list, text } from "../option.ts";
import { withBudgets } from "../raised-budget.ts";
import { planOfPrompt } from "../request-plan.ts";
import { runnerNames } from "../runner-names.ts";
import { answerFromTerminal } from "../terminal-answers.ts";
import { usageError } from "../usage.ts";

/** `ra run PROMPT`: one request as a plan of one task, in auto mode. */
export const run: CommandBody = async ({ terminal, args, options }) => {
  const [prompt = ""] = args;
  if (prompt.trim() === "") throw usageError("the prompt is empty", 'write one: `ra run "..."`');
  const config = await loadConfig({
    root: findPlace(terminal.cwd).root,
    env: terminal.env,
    runners: runnerNames,
    flags: { runner: text(options, "runner"), timeout: text(options, "timeout") },
  });
  const asked = {
    prompt,
    model: text(options, "model"),
    touching: list(options, "touching"),
    verify: text(options, "verify"),
  };
  const loaded = loadPlan(JSON.stringify(planOfPrompt(asked)), knownOf(config, runnerNames));
  if (!loaded.ok) {
    throw refusal(loaded.error);
  }
  const plan = withBudgets(loaded.value, list(options, "budget"));
  const order = {
    terminal,
    config,
    plan,
    planPath: null,
    mode: "auto",
    concurrency: concurrencyOf(config, plan),
    target: null,
    base: "HEAD",
    json: flag(options, "json"),
    answers: terminal.interactive ? "terminal" : flag(options, "wait") ? "elsewhere" : "nobody",
    follow: terminal.interactive ? answerFromTerminal(terminal) : null,
  } as const;
  return startRun(order, await prepareRun(order));
};

/** The plan that stands for a request is nobody's business: what is wrong with it is told of the words that were typed. */
function refusal(issues: readonly Issue[]): RaError {
  const hint = issues.find((issue) => issue.hint !== undefined)?.hint;
  const takesNoPrompt = issues.some(({ code }) => code.endsWith("WRONG_RUNNER"));
  return usageError(
    issues.map(({ message }) => asTyped(message)).join("; "),
    takesNoPrompt ? "name a coding agent with `--runner`" : hint,
  );
}

function asTyped(message: string): string {
  return message
    .replaceAll(/`(touching|model|verify|timeout|runner)(\[\d+\])?`/g, "`--$1`")
    .replaceAll(/`(prompt|description|name)`/g, "the prompt");
}
