import { block } from "../../core/plain-text.ts";
import type { RunState } from "../../core/run/state.ts";
import { LogTail } from "../log-tail.ts";
import { logsOf } from "../task-logs.ts";

/** The end of a log that is passed on, in bytes. */
const excerptBytes = 512 * 1024;

/**
 * What the newest attempts of a run printed, or those of one task: the end of each log, one after the other. `logs`: the directory
 * of the run's logs.
 */
export function logExcerpt(state: RunState, task: string | null, logs: string): string {
  const all = logsOf(state, { task, attempt: undefined, logs });
  return all
    .map(({ title, path }) => ({ title, text: endOf(path) }))
    .filter(({ text }) => text !== "")
    .map(({ title, text }) => `== ${title}\n${text}${text.endsWith("\n") ? "" : "\n"}`)
    .join("\n");
}

function endOf(path: string): string {
  let end = Buffer.alloc(0);
  let isCut = false;
  for (const piece of new LogTail(path).read(false)) {
    end = Buffer.concat([end, piece]);
    if (end.length <= excerptBytes) continue;
    end = end.subarray(-excerptBytes);
    isCut = true;
  }
  const text = block(end.toString("utf8"));
  return isCut ? `[only the end]\n${text.slice(text.indexOf("\n") + 1)}` : text;
}
