import * as v from "valibot";
import { label } from "../core/plan/schema.ts";
import { eventTypes } from "../core/run/event-schema.ts";

const about = v.description;

const outbox = v.strictObject(
  {
    file: v.pipe(
      label(4_000),
      about("The file that the bot of Remote Antigravity reads, an absolute path."),
    ),
  },
  "be a map such as `{ file: /home/me/project/.gemini/wa_outbox.json }`",
);

const webhook = v.strictObject(
  {
    url: v.pipe(
      v.string("be a text"),
      v.maxLength(2_000, "be at most 2000 characters long"),
      v.regex(
        /^(https:\/\/[\w.-]+|http:\/\/(127\.0\.0\.1|localhost|\[::1\]))(:\d+)?(\/[\x21-\x7e]*)?$/,
        "be `https://HOST/PATH`, or `http://` and a name of this machine",
      ),
      about("Where events are sent."),
    ),
    secret: v.pipe(
      v.exactOptional(label(4_000)),
      about(
        "The file that holds the secret by which they are signed, an absolute path. Default: `webhook.secret` beside this config.",
      ),
    ),
    events: v.pipe(
      v.exactOptional(
        v.pipe(
          v.array(
            v.picklist(eventTypes, "be a type of event, as `ra schema events` lists them"),
            "be a list of types of events, such as `[run.finished]`",
          ),
          v.minLength(1, "hold at least one type"),
        ),
      ),
      about("Types of events that are sent. Default: all."),
    ),
  },
  "be a map such as `{ url: https://example.com/hook }`",
);

/** Channels by which people are told and cannot ask. */
export const lineSchemas = {
  outbox: v.pipe(v.exactOptional(outbox), about("The outbox of Remote Antigravity.")),
  webhook: v.pipe(v.exactOptional(webhook), about("Events, sent to an address.")),
};

/** The same as people write them. */
export interface LineInput {
  readonly outbox?: v.InferOutput<typeof outbox>;
  readonly webhook?: v.InferOutput<typeof webhook>;
}
