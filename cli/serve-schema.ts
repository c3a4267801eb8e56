import * as v from "valibot";
import { idPattern, label, program, text } from "../core/plan/schema.ts";
import { lineSchemas } from "./line-schema.ts";
import { scheduleSchema } from "./schedule-schema.ts";

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

const word = v.pipe(
  v.string(),
  v.regex(idPattern, "be 1 to 63 letters, digits, `_` or `-`, starting with a letter or digit"),
);

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

const ids = v.array(
  v.pipe(whole, v.notValue(0, "be a number that is not 0")),
  "be a list of numbers, such as `[12345678]`",
);

const telegram = v.strictObject(
  {
    users: v.pipe(
      v.exactOptional(ids),
      about("Numbers of the users who may ask. Both lists count; an empty one is nobody."),
    ),
    chats: v.pipe(
      v.exactOptional(ids),
      about("Numbers of the chats in which they may ask, and that are told of runs."),
    ),
    token: v.pipe(
      v.exactOptional(label(4_000)),
      about(
        "The file that holds the token of the bot, an absolute path. Default: `telegram.token` beside this config. `RA_TELEGRAM_TOKEN` wins.",
      ),
    ),
    server: v.pipe(
      v.exactOptional(
        v.pipe(
          text(300),
          v.regex(
            /^(https:\/\/[\w.-]+(:\d+)?|http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?)$/,
            "be `https://HOST`, or `http://` and a name of this machine",
          ),
        ),
      ),
      about("A Bot API server of your own. Default: `https://api.telegram.org`."),
    ),
  },
  "be a map such as `{ users: [12345678], chats: [12345678] }`",
);

/** The section `serve` of the user's own config. */
export const serveSchema = v.strictObject(
  {
    plans: v.pipe(
      v.exactOptional(v.record(word, namedPlan, "be a map of names to plans")),
      about("Plans that others may ask for by name."),
    ),
    cron: v.pipe(
      v.exactOptional(v.record(word, scheduleSchema, "be a map of names to schedules")),
      about("Plans that it runs by itself, and when."),
    ),
    prompts: v.pipe(
      v.exactOptional(v.array(label(40), "be a list of ways in, such as `[http]`")),
      about("Ways in that may send prompts of their own words. Default: none, named plans only."),
    ),
    verify: v.pipe(
      v.exactOptional(program),
      about("The check of what comes of such prompts: a shell command."),
    ),
    channels: v.pipe(
      v.exactOptional(
        v.strictObject(
          {
            telegram: v.pipe(v.exactOptional(telegram), about("A bot of Telegram.")),
            ...lineSchemas,
          },
          "be a map such as `{ telegram: { users: [12345678], chats: [12345678] } }`",
        ),
      ),
      about("Two-way lines to people. Default: none."),
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
