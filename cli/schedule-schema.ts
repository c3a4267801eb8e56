import * as v from "valibot";
import { duration, label } from "../core/plan/schema.ts";

const about = v.description;

/** One schedule of `serve.cron`. */
export const scheduleSchema = v.strictObject(
  {
    plan: v.pipe(label(63), about("The plan of `plans` that it asks for.")),
    params: v.pipe(
      v.exactOptional(
        v.record(
          label(40),
          v.union([v.string(), v.number(), v.boolean()], "be a text, a number or a flag"),
          "be a map of names to values",
        ),
      ),
      about("What it gives along."),
    ),
    at: v.pipe(
      label(200),
      about("When: minute, hour, day of the month, month, day of the week, as cron reads them."),
    ),
    timeZone: v.pipe(
      v.exactOptional(label(80)),
      about("The time zone of `at`, such as `Europe/Berlin`. Default: the machine's."),
    ),
    late: v.pipe(
      v.exactOptional(duration),
      about("How late a run may still start; later, its slot is missed. Default 5m."),
    ),
  },
  'be a map such as `{ plan: nightly, at: "30 2 * * *" }`',
);

/** The section `serve.cron` as people write it. */
export type CronInput = Readonly<Record<string, v.InferOutput<typeof scheduleSchema>>>;
