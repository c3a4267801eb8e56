import * as v from "valibot";
import { text } from "./plan-schema.ts";

const option = v.object({
  id: text,
  label: text,
  effect: v.picklist(["allow", "refuse", "answer"]),
  lasts: v.exactOptional(v.literal(true)),
});

/** The entries of the events of questions. */
export const questionAsked = { gate: text, text, options: v.array(option), until: text };
export const questionAnswered = { gate: text, answer: text, by: text };
export const questionWithdrawn = {
  gate: text,
  reason: v.picklist(["unanswered", "ended", "lost"]),
};
