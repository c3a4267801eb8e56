import * as v from "valibot";

import { limits } from "../limits.ts";

import { tokensMax, usdMax } from "./budget.ts";

import { durationPattern } from "./duration.ts";

/*
 * One source for shape, words and JSON Schema. Every message completes "`key` must ...". Nothing here
 * transforms or calls back, since neither can be written as JSON Schema.
 */

/** C0, DEL and C1, spelt out since JSON Schema knows no flags and so no `\\p{Cc}`. */
const controls = "\\u0000-\\u001f\\u007f-\\u009f";

/** What a task id looks like. */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
/** A name that no program can take for an option, on one line. */
export const namePattern = new RegExp(`^[^-${controls}][^${controls}]*$`);
/** A branch name: nothing that git refuses in a ref or reads as an option. */
export const branchPattern = new RegExp(`^(?!-)[^ ~^:?*\\[\\\\${controls}]+$`);
/** Text without control characters other than tabs and line ends. */
export const plainPattern = new RegExp(`^(?:[\\t\\n\\r]|[^${controls}])*$`);
/** A name of an environment variable. */
export const envNamePattern = /^[A-Za-z_][A-Za-z0-9_]*$/;
const noNul = /^[^\0]*$/;

export const about = v.description;
export const oneOf = <const T extends readonly string[]>(options: T) =>
  v.picklist(options, `be ${options.map((option) => `\`${option}\``).join(" or ")}`);
export const text = (max: number) =>
  v.pipe(
    v.string("be a text"),
    v.minLength(1, "not be empty"),
    v.maxLength(max, `be at most ${max} characters long`),
  );
/** A whole number within a range. */
export const count = (min: number, max: number) => {
  const range = `be a whole number from ${min} to ${max}`;
  return v.pipe(v.number(range), v.integer(range), v.minValue(min, range), v.maxValue(max, range));
};
const flag = v.boolean("be `true` or `false`");
export const program = v.pipe(text(1_000_000), v.regex(noNul, "be free of NUL characters"));
export const label = (max: number) =>
  v.pipe(text(max), v.regex(plainPattern, "be free of control characters"));
export const name = v.pipe(
  text(200),
  v.regex(namePattern, "not start with `-` or hold control characters"),
);

/** A duration as people write it. */
export const duration = v.pipe(
  v.string("be a duration such as `30s`, `5m` or `2h`"),
  v.regex(durationPattern, "be a duration such as `30s`, `5m` or `2h`"),
);
/** How many tasks run at once. */
export const concurrency = count(1, limits.concurrency);
/** The name of a runner. */
export const runnerName = name;
/** The name of a model. */
export const modelName = name;

/** A dependency: the id of another task. */
export const taskReference = v.union(
  [
    v.string(),
    v.pipe(v.number(), v.safeInteger("be a whole number"), v.minValue(0, "be 0 or more")),
  ],
  "be a text or a whole number",
);
/** The id of a task. */
export const taskId = v.union(
  [
    v.pipe(
      v.string(),
      v.regex(idPattern, "be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit"),
    ),
    v.pipe(
      v.number(),
      v.safeInteger("be a whole number below 2^53, or stand in quotes"),
      v.minValue(0, "be 0 or more"),
    ),
  ],
  "be a text or a whole number",
);
export const globs = v.pipe(
  v.array(v.string("be a text"), "be a list of paths"),
  v.maxLength(1000, "hold at most 1000 paths"),
);
const env = v.record(
  v.pipe(v.string(), v.regex(envNamePattern, "be a name such as `NODE_ENV`")),
  v.pipe(
    v.string("be a text"),
    v.maxLength(100_000, "be at most 100000 characters long"),
    v.regex(noNul, "be free of NUL characters"),
  ),
  "be a map of names to texts",
);
const retries = v.strictObject(
  {
    max: v.pipe(
      v.exactOptional(count(0, limits.retries)),
      about("Further attempts after the first. Default 0."),
    ),
    backoff: v.pipe(
      v.exactOptional(duration),
      about("Wait before the second attempt; doubles after each. Default 10s."),
    ),
    maxBackoff: v.pipe(v.exactOptional(duration), about("The longest wait. Default 5m.")),
  },
  "be a map such as `{ max: 3, backoff: 10s }`",
);

const verify = v.union(
  [
    program,
    v.strictObject({
      run: v.pipe(program, about("The shell command.")),
      timeout: v.pipe(
        v.exactOptional(duration),
        about("Time for one try. Default: the task's timeout."),
      ),
      tries: v.pipe(
        v.exactOptional(count(1, limits.checkTries)),
        about("How often it may run on the same tree before it counts as failed. Default 1."),
      ),
    }),
  ],
  "be a command, or a map such as `{ run: npm test, timeout: 10m, tries: 2 }`",
);

const tierName = oneOf(["top", "mid", "free"]);
const fallback = v.pipe(
  v.array(
    v.strictObject(
      {
        runner: v.pipe(
          v.exactOptional(runnerName),
          about("Another coding agent. Default: the task's own."),
        ),
        model: v.pipe(v.exactOptional(modelName), about("The model it is told to use.")),
        tier: v.pipe(
          v.exactOptional(tierName),
          about("Picks the model from `models`. Default: the task's own tier."),
        ),
      },
      "be a map such as `{ model: MODEL }`",
    ),
    "be a list such as `[{ model: MODEL }, { runner: RUNNER }]`",
  ),
  v.maxLength(10, "hold at most 10 entries"),
);

const usd = "be an amount from 0.01 to 1000000 dollars";
/** What a run or a task may use. */
export const budget = v.strictObject(
  {
    usd: v.pipe(
      v.exactOptional(v.pipe(v.number(usd), v.minValue(0.01, usd), v.maxValue(usdMax, usd))),
      about("US dollars, as far as the agents tell what they cost."),
    ),
    tokens: v.pipe(v.exactOptional(count(1, tokensMax)), about("Tokens in and out together.")),
    time: v.pipe(
      v.exactOptional(duration),
      about("Of a run: while it is driven. Of a task: of its attempts together."),
    ),
  },
  "be a map such as `{ usd: 5, tokens: 500000, time: 2h }`",
);

/** Keys that may stand in a task and in `defaults`. */
export const taskOptions = {
  runner: v.pipe(
    v.exactOptional(runnerName),
    about("The coding agent that gets the prompt. A `run` task always uses `shell`."),
  ),
  model: v.pipe(v.exactOptional(modelName), about("The model the runner is told to use.")),
  tier: v.pipe(
    v.exactOptional(tierName),
    about("Picks the model from `models` when `model` is absent."),
  ),
  difficulty: v.pipe(
    v.exactOptional(count(1, 10)),
    about(
      "Weighs the task in the critical path while there is no history, and picks its tier where `tiers` says so.",
    ),
  ),
  fallback: v.pipe(
    v.exactOptional(fallback),
    about(
      "Who does it while the provider of its model refuses, or when that model cannot; in order of preference.",
    ),
  ),
  budget: v.pipe(
    v.exactOptional(budget),
    about("What the attempts of the task may use together; then no further one starts."),
  ),
  fallbackAfter: v.pipe(
    v.exactOptional(duration),
    about("A refusal that does not last longer is waited out. Default: none is."),
  ),
  parallel: v.pipe(
    v.exactOptional(flag),
    about("False: nothing else of the run is running beside the task. Default true."),
  ),
  isolation: v.pipe(
    v.exactOptional(oneOf(["clone", "worktree", "in-place", "none"])),
    about("Where the task works. Default: what the runner needs, mostly `clone`."),
  ),
  touching: v.pipe(
    v.exactOptional(globs),
    about("Paths the task claims to write, as globs. A directory stands for all below it."),
  ),
  keep: v.pipe(
    v.exactOptional(globs),
    about("Files ignored by git that are part of the result all the same, as globs."),
  ),
  timeout: v.pipe(v.exactOptional(duration), about("Time for one attempt. Default 5m.")),
  silence: v.pipe(
    v.exactOptional(duration),
    about(
      "Time without a word from its programs after which an attempt is ended. Default: 15m for agents, none for commands.",
    ),
  ),
  verify: v.pipe(
    v.exactOptional(verify),
    about(
      "Shell command that must pass on the merged tree before it lands; as a map with its limits.",
    ),
  ),
  retries: v.pipe(v.exactOptional(retries), about("What happens after a failed attempt.")),
  scope: v.pipe(
    v.exactOptional(oneOf(["warn", "extend", "block"])),
    about("What to do when a task changes paths outside `touching`. Default warn."),
  ),
  onConflict: v.pipe(
    v.exactOptional(oneOf(["error", "retry", "agent"])),
    about(
      "What to do when the result does not merge: retry runs the task again on what landed, agent " +
        "gives a runner the conflicted files. Default error.",
    ),
  ),
  resolver: v.pipe(
    v.exactOptional(
      v.strictObject(
        {
          runner: v.pipe(runnerName, about("The coding agent that gets the conflicts.")),
          model: v.pipe(v.exactOptional(modelName), about("The model it is told to use.")),
        },
        "be a map such as `{ runner: kilo, model: MODEL }`",
      ),
    ),
    about("Who resolves conflicts with `onConflict: agent`. Default: the task's own runner."),
  ),
  allowNoChange: v.pipe(
    v.exactOptional(flag),
    about("True: a prompt that changes nothing is no error. Default false."),
  ),
  continueSession: v.pipe(
    v.exactOptional(flag),
    about(
      "True: a further attempt goes on with the agent's session and files, told what failed. Default false.",
    ),
  ),
  env: v.pipe(
    v.exactOptional(env),
    about("Environment variables. Those of a task are added to those of `defaults`."),
  ),
};
