import type { Mode } from "../core/plan/plan.ts";
import type { Options, Terminal } from "./command.ts";
import { answerFromFile, type Follower, together } from "./followers.ts";
import { flag } from "./option.ts";
import { answerFromTerminal } from "./terminal-answers.ts";
import { usageError } from "./usage.ts";
import { writeBackTo } from "./write-back.ts";

/** Who can answer a step-through run: nobody is not enough to start one. */
export type Answers = "terminal" | "elsewhere" | "nobody";

/** How a run waits between tasks, who answers then, and who follows it. */
export interface Pace {
  readonly mode: Mode;
  readonly answers: Answers;
  readonly follow: Follower;
}

/**
 * What `--auto`, `--step`, `--wait` and `--write-back` ask for. `mode` is what the plan says, `dispatchFile` the path of
 * a dispatch file, whose other side answers through the continue file. Throws `RaError` (exit 2) on a contradiction.
 */
export function paceOf(
  terminal: Terminal,
  options: Options,
  run: { readonly mode: Mode; readonly dispatchFile: string | null },
): Pace {
  const { dispatchFile } = run;
  const writesBack = flag(options, "writeBack");
  if (writesBack && dispatchFile === null) {
    throw usageError(
      "`--write-back` needs a dispatch file",
      "leave it out: `ra show` tells the same",
    );
  }
  const isAnswered = flag(options, "wait") || flag(options, "dryRun") || dispatchFile !== null;
  const answers = terminal.interactive ? "terminal" : isAnswered ? "elsewhere" : "nobody";
  const follow = together([
    answers === "terminal" ? answerFromTerminal(terminal) : null,
    dispatchFile === null ? null : answerFromFile(dispatchFile),
    dispatchFile !== null && writesBack ? writeBackTo(dispatchFile, terminal) : null,
  ]);
  return { mode: modeOf(run.mode, options), answers, follow };
}

function modeOf(planned: Mode, options: Options): Mode {
  const auto = flag(options, "auto");
  const step = flag(options, "step");
  if (auto && step)
    throw usageError("`--auto` and `--step` contradict each other", "give one of them");
  if (auto) return "auto";
  return step ? "step-through" : planned;
}
