import * as v from "valibot";
import { limits } from "../limits.ts";
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

const about = v.description;
const oneOf = <const T extends readonly string[]>(options: T) =>
  v.picklist(options, `be ${options.map((option) => `\`${option}\``).join(" or ")}`);
const text = (max: number) =>
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
const program = v.pipe(text(1_000_000), v.regex(noNul, "be free of NUL characters"));
const label = (max: number) =>
  v.pipe(text(max), v.regex(plainPattern, "be free of control characters"));
const name = v.pipe(
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
const globs = v.pipe(
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

/** Keys that may stand in a task and in `defaults`. */
const taskOptions = {
  runner: v.pipe(
    v.exactOptional(runnerName),
    about("The coding agent that gets the prompt. A `run` task always uses `shell`."),
  ),
  model: v.pipe(v.exactOptional(modelName), about("The model the runner is told to use.")),
  tier: v.pipe(
    v.exactOptional(oneOf(["top", "mid", "free"])),
    about("Picks the model from `models` when `model` is absent."),
  ),
  difficulty: v.pipe(
    v.exactOptional(count(1, 10)),
    about("Weighs the task in the critical path while there is no history."),
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
  env: v.pipe(
    v.exactOptional(env),
    about("Environment variables. Those of a task are added to those of `defaults`."),
  ),
};

const task = v.strictObject(
  {
    id: v.pipe(taskId, about("Unique in the plan. Numbers are taken as text.")),
    description: v.pipe(
      v.exactOptional(label(10_000)),
      about("What the task is about, for people; the subject of its commit."),
    ),
    prompt: v.pipe(
      v.exactOptional(program),
      about("What the agent is told. Default: the description."),
    ),
    run: v.pipe(v.exactOptional(program), about("A shell command instead of a prompt.")),
    deps: v.pipe(
      v.exactOptional(v.array(taskReference, "be a list of task ids")),
      about("Ids of tasks that must be done before."),
    ),
    ...taskOptions,
  },
  "be a map with an `id` and a `prompt`",
);

const models = v.record(
  runnerName,
  v.strictObject(
    {
      top: v.exactOptional(modelName),
      mid: v.exactOptional(modelName),
      free: v.exactOptional(modelName),
    },
    "be a map of `top`, `mid` and `free` to models",
  ),
  "be a map of runners to models",
);

/** A plan as people write it. */
export const planSchema = v.pipe(
  v.strictObject({
    $schema: v.exactOptional(v.string("be a text")),
    version: v.pipe(v.literal(1, "be `1`"), about("The format of this file: 1.")),
    name: v.pipe(v.exactOptional(label(200)), about("What the run is called. Default: plan.")),
    mode: v.pipe(
      v.exactOptional(oneOf(["step-through", "auto"])),
      about("Whether the run waits for a person after each task. Default step-through."),
    ),
    concurrency: v.pipe(v.exactOptional(concurrency), about("Tasks at once. Default 3.")),
    base: v.pipe(v.exactOptional(name), about("Revision the run starts from. Default HEAD.")),
    target: v.pipe(
      v.exactOptional(
        v.pipe(text(200), v.regex(branchPattern, "be the name of a branch, such as `main`")),
      ),
      about("Branch the results land on. Default: the one that is checked out."),
    ),
    defaults: v.pipe(
      v.exactOptional(v.strictObject(taskOptions, "be a map of task keys")),
      about("Values for every task that does not set its own."),
    ),
    models: v.pipe(v.exactOptional(models), about("For each runner, the model of each tier.")),
    shared: v.pipe(
      v.exactOptional(globs),
      about("Paths every task may touch and that never count as a clash."),
    ),
    tasks: v.pipe(
      v.array(task, "be a list of tasks"),
      v.minLength(1, "hold at least one task"),
      v.maxLength(limits.tasks, `hold at most ${limits.tasks} tasks`),
      about("What is to be done, in the order people read it."),
    ),
  }),
  v.title("ra plan"),
  about("Tasks for coding agents and commands, run by ra."),
);

/** A plan whose shape is right. */
export type PlanInput = v.InferOutput<typeof planSchema>;
/** One task of such a plan. */
export type TaskInput = PlanInput["tasks"][number];
/** Its `defaults`. */
export type TaskDefaults = NonNullable<PlanInput["defaults"]>;
