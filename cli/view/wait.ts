import { unreachable } from "../../core/assert.ts";
import type { WaitReason } from "../../core/run/event.ts";
import { bytes } from "./text.ts";

/** Why a task that is ready does not run, in a few words. */
export function waitText(reason: WaitReason): string {
  switch (reason.kind) {
    case "alone":
      return "to run alone";
    case "runner-cap":
      return `for ${reason.runner}, which is at its cap`;
    case "cooldown":
      return `for ${reason.provider}, which refuses until ${reason.until}`;
    case "claim":
      return `for ${reason.by}, which claims ${reason.theirs}`;
    case "disk":
      return `for room: ${bytes(reason.free)} free, ${bytes(reason.least)} wanted for ${reason.holds}`;
    default:
      return unreachable(reason);
  }
}
