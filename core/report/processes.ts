import { jsonText } from "../plain-text.ts";
import type { LiveProcess } from "../run/model.ts";

/** What `processes.json` holds. */
export interface ProcessesReport {
  /** The newest event it knows of. */
  readonly seq: number;
  /** ISO 8601, UTC, milliseconds. */
  readonly generatedAt: string;
  readonly processes: readonly LiveProcess[];
}

/** The text of `processes.json`, in the order of keys that the contract shows. */
export function processesJson({ seq, generatedAt, processes }: ProcessesReport): string {
  return `${jsonText({ seq, generatedAt, processes }, 2)}\n`;
}
