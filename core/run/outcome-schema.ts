import * as v from "valibot";
import { text, textOrNull, texts } from "./plan-schema.ts";

/* The part of the schema of events that tells how attempts and tasks end; see `event-schema.ts`. */

/** Why a task failed. */
export const taskError = v.object({
  kind: v.picklist([
    "failed",
    "timeout",
    "conflict",
    "verify",
    "scope",
    "rate-limit",
    "auth",
    "crashed",
    "budget",
    "no-change",
  ]),
  message: text,
});

/** How an attempt ended. */
export const outcome = v.variant("kind", [
  v.object({ kind: v.literal("succeeded"), commit: textOrNull }),
  v.object({ kind: v.literal("unchanged") }),
  v.object({
    kind: v.literal("failed"),
    message: text,
    final: v.exactOptional(v.literal(true)),
    class: v.exactOptional(text),
  }),
  v.object({
    kind: v.literal("timed-out"),
    afterMs: v.number(),
    silent: v.exactOptional(v.literal(true)),
  }),
  v.object({ kind: v.literal("rate-limited"), until: textOrNull, message: text }),
  v.object({ kind: v.literal("disk-full"), message: text }),
  v.object({ kind: v.literal("auth"), message: text }),
  v.object({ kind: v.literal("cancelled"), by: text }),
  v.object({ kind: v.literal("crashed"), message: text }),
  v.object({ kind: v.literal("lost") }),
]);

/** What a check found. */
export const finding = v.object({
  check: text,
  severity: v.picklist(["note", "warn", "block"]),
  message: text,
  paths: texts,
});
