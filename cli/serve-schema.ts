import * as v from "valibot";
import { idPattern, label, program } from "../core/plan/schema.ts";

const about = v.description;
const whole = v.pipe(v.number("be a whole number"), v.safeInteger("be a whole number"));
const choices = v.pipe(
  v.array(label(1_000), "be a list of texts"),
  v.minLength(1, "hold at least one text"),
);

/** What a parameter's name looks like. */
export const parameterPattern = /^[a-z][a-z0-9_]{0,39}$/;
const parameterName = v.pipe(
  v.string(),
  v.regex(parameterPattern, "be small letters, digits and `_`, starting with a letter"),
);

const parameter = v.strictObject(
  {
    type: v.picklist(
      ["text", "number", "flag", "choice"],
      "be `text`, `number`, `flag` or `choice`",
    ),
    about: v.pipe(v.exactOptional(label(500)), about("What it is for.")),
    default: v.pipe(
      v.exactOptional(v.union([v.string(), whole, v.boolean()], "be a text, a number or a flag")),
      about("Its value when nobody gives one. Without it, one must be given."),
    ),
    values: v.pipe(v.exactOptional(choices), about("Of a `choice`: what may be chosen.")),
    min: v.pipe(v.exactOptional(whole), about("Of a `number`: the least. Default 0.")),
    max: v.pipe(
      v.exactOptional(whole),
      about("Of a `number`: the most. Of a `text`: the most characters. Default 1000."),
    ),
  },
  "be a map such as `{ type: number, max: 10 }`",
);

/** One parameter as a config has it. */
export type ParameterInput = v.InferOutput<typeof parameter>;

const namedPlan = v.strictObject(
  {
    file: v.pipe(
      label(4_000),
      about("The plan: a path from the repository's root, or an absolute one."),
    ),
    about: v.pipe(v.exactOptional(label(500)), about("What it does, for people.")),
    params: v.pipe(
      v.exactOptional(v.record(parameterName, parameter, "be a map of names to parameters")),
      about("What may be given along with it. Tasks find it in `RA_PARAM_NAME`."),
    ),
  },
  "be a map such as `{ file: plans/nightly.yaml }`",
);

/** The section `serve` of the user's own config. */
export const serveSchema = v.strictObject(
  {
    plans: v.pipe(
      v.exactOptional(
        v.record(
          v.pipe(
            v.string(),
            v.regex(
              idPattern,
              "be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit",
            ),
          ),
          namedPlan,
          "be a map of names to plans",
        ),
      ),
      about("Plans that others may ask for by name."),
    ),
    prompts: v.pipe(
      v.exactOptional(v.array(label(40), "be a list of ways in, such as `[http]`")),
      about("Ways in that may send prompts of their own words. Default: none, named plans only."),
    ),
    verify: v.pipe(
      v.exactOptional(program),
      about("The check of what comes of such prompts: a shell command."),
    ),
    hosts: v.pipe(
      v.exactOptional(v.array(label(300), "be a list of names, such as `[ra.example:7272]`")),
      about("Names, with their port, by which it is reached besides those of this machine."),
    ),
  },
  "be a map such as `{ prompts: [http] }`",
);

/** The section as people write it. */
export type ServeInput = v.InferOutput<typeof serveSchema>;
