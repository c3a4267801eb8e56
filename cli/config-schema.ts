import * as v from "valibot";
import {
  concurrency,
  count,
  duration,
  envNamePattern,
  modelName,
  runnerName,
} from "../core/plan/schema.ts";
import type { ServeInput } from "./serve-schema.ts";
import { sizePattern } from "./size.ts";

const about = v.description;
const size = v.pipe(
  v.string("be a size such as `64MB`"),
  v.regex(sizePattern, "be a size such as `64MB`"),
);
const variableNames = v.array(
  v.pipe(
    v.string("be the name of a variable"),
    v.regex(envNamePattern, "be a name such as `DEPLOY_CODE`"),
  ),
  "be a list of names of variables, such as `[DEPLOY_CODE]`",
);
const word = v.pipe(v.string("be a text"), v.minLength(1, "not be empty"));

/** Every key of a config but `serve`. */
const entries = {
  $schema: v.exactOptional(v.string("be a text")),
  concurrency: v.pipe(
    v.exactOptional(concurrency),
    about("Tasks at once where the plan does not say. Default 3."),
  ),
  runner: v.pipe(
    v.exactOptional(runnerName),
    about("The runner of prompts where the plan does not say."),
  ),
  timeout: v.pipe(
    v.exactOptional(duration),
    about("Time for one attempt where the plan does not say. Default 5m."),
  ),
  secrets: v.pipe(
    v.exactOptional(variableNames),
    about(
      "Variables whose values are hidden in all output, besides those whose names look secret.",
    ),
  ),
  logs: v.pipe(
    v.exactOptional(
      v.strictObject(
        {
          max: v.pipe(
            v.exactOptional(size),
            about("Bytes of one log at most, from 64KB to 1GB. Default 64MB."),
          ),
          total: v.pipe(
            v.exactOptional(size),
            about("Bytes of the logs of all runs at most, from 1MB to 1024GB. Default 2GB."),
          ),
          failed: v.pipe(
            v.exactOptional(v.picklist(["keep", "remove"], "be `keep` or `remove`")),
            about(
              "Whether `total` also takes logs of runs that failed or wait to land. Default keep.",
            ),
          ),
        },
        "be a map such as `{ max: 64MB }`",
      ),
    ),
    about("How much of what programs print is kept."),
  ),
  processes: v.pipe(
    v.exactOptional(count(16, 1_000_000)),
    about("Processes that a task or a check may have at a time. Default 8192."),
  ),
  results: v.pipe(
    v.exactOptional(
      v.strictObject(
        {
          files: v.pipe(
            v.exactOptional(count(1, 10_000_000)),
            about("Files that one result adds or changes at most. Default 200000."),
          ),
          bytes: v.pipe(
            v.exactOptional(size),
            about("Bytes of these files at most, from 1KB to 1024GB. Default 10GB."),
          ),
        },
        "be a map such as `{ files: 200000, bytes: 10GB }`",
      ),
    ),
    about("How much one task may leave. What leaves more is refused, and stays where it is."),
  ),
  disk: v.pipe(
    v.exactOptional(
      v.strictObject(
        {
          free: v.pipe(
            v.exactOptional(size),
            about(
              "Free bytes below which no attempt starts, up to 1000GB. Default 512MB. With 0B no full disk is looked for.",
            ),
          ),
        },
        "be a map such as `{ free: 512MB }`",
      ),
    ),
    about("How much room a run leaves on the disks it writes to."),
  ),
  questions: v.pipe(
    v.exactOptional(
      v.strictObject(
        {
          wait: v.pipe(
            v.exactOptional(duration),
            about(
              "How long a question of an agent waits for an answer, with or without somebody there. Default 30m at a terminal and with --wait, else not at all.",
            ),
          ),
        },
        "be a map such as `{ wait: 30m }`",
      ),
    ),
    about("What becomes of what agents ask."),
  ),
  runners: v.pipe(
    v.exactOptional(
      v.record(
        runnerName,
        v.strictObject(
          {
            command: v.pipe(
              v.exactOptional(
                v.pipe(
                  v.array(word, "be a list of words, such as `[npx, claude]`"),
                  v.minLength(1, "hold at least one word"),
                ),
              ),
              about("Program and first arguments. Only in the user's own config."),
            ),
            parallel: v.pipe(
              v.exactOptional(v.boolean("be `true` or `false`")),
              about("Whether it is safe beside others. Only in the user's own config."),
            ),
            concurrency: v.pipe(
              v.exactOptional(concurrency),
              about("Attempts of this runner at once."),
            ),
            silence: v.pipe(
              v.exactOptional(duration),
              about("Time without a word after which an attempt of it is ended. Default 15m."),
            ),
            env: v.pipe(
              v.exactOptional(variableNames),
              about("Variables it gets besides those it needs. Only in the user's own config."),
            ),
            model: v.pipe(
              v.exactOptional(modelName),
              about("Model when neither task nor tier names one."),
            ),
            provider: v.pipe(
              v.exactOptional(modelName),
              about(
                "Name of the account that answers it. Runners with the same name wait for its limits together.",
              ),
            ),
          },
          "be a map such as `{ concurrency: 1 }`",
        ),
        "be a map of runners to their settings",
      ),
    ),
    about("Settings of single runners."),
  ),
};

/**
 * `ra.config.yaml` and the user's `config.yaml`, as people write them. `serve` is the schema of the section of that name, which
 * most files do not have and which costs as much time to load as all the others.
 */
export function configSchemaWith(serve: v.GenericSchema) {
  return v.pipe(
    v.strictObject({
      ...entries,
      serve: v.pipe(
        v.exactOptional(serve),
        about("What `ra serve` takes from others. Only in the user's own config."),
      ),
    }),
    v.title("ra config"),
    about("Settings for every run in a repository or of a user."),
  );
}

/** What a config file that fits says. */
export type ConfigInput = Omit<v.InferOutput<ReturnType<typeof configSchemaWith>>, "serve"> & {
  readonly serve?: ServeInput;
};
