import * as v from "valibot";
import { text } from "./plan-schema.ts";

/** What `session.opened` holds besides its attempt; see `event-schema.ts`. */
export const sessionOpened = {
  session: text,
  continues: v.exactOptional(v.number()),
  anew: v.exactOptional(text),
};
