import * as v from "valibot";
import { limits } from "../limits.ts";
import {
  about,
  branchPattern,
  budget,
  concurrency,
  count,
  globs,
  label,
  modelName,
  name,
  oneOf,
  program,
  runnerName,
  taskId,
  taskOptions,
  taskReference,
  text,
} from "./schema.ts";

/* The plan as a whole, made of the parts in `schema.ts`; what is said there of shape and words holds here. */

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

const tierModels = v.union(
  [
    modelName,
    v.pipe(
      v.array(modelName, "be a list of models"),
      v.minLength(1, "hold at least one model"),
      v.maxLength(10, "hold at most 10 models"),
    ),
  ],
  "be a model or a list of models",
);
const models = v.record(
  runnerName,
  v.strictObject(
    {
      top: v.exactOptional(tierModels),
      mid: v.exactOptional(tierModels),
      free: v.exactOptional(tierModels),
    },
    "be a map of `top`, `mid` and `free` to models",
  ),
  "be a map of runners to models",
);

const tiers = v.strictObject(
  {
    top: v.exactOptional(count(1, 10)),
    mid: v.exactOptional(count(1, 10)),
    free: v.exactOptional(count(1, 10)),
  },
  "be a map such as `{ top: 8, mid: 4 }`",
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
    models: v.pipe(
      v.exactOptional(models),
      about(
        "For each runner, the model of each tier; of a list the first, and those behind it stand in for it.",
      ),
    ),
    tiers: v.pipe(
      v.exactOptional(tiers),
      about("The tier of tasks that name neither model nor tier, from this difficulty on."),
    ),
    budget: v.pipe(
      v.exactOptional(budget),
      about("What the run may use; then nothing new starts, and it can be resumed with more."),
    ),
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
