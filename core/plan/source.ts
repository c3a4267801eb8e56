import { spelledOutLine } from "../plain-text.ts";
import type { Issue } from "./plan.ts";

/** Keys and list places from the top of a file down to one value. */
export type Path = readonly (string | number)[];

/** A stretch of one line: 1-based line and column in UTF-16 units, and the units to underline. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** A file's value, and where each part of it stands. Places are looked up only when asked for. */
export interface Source {
  readonly value: unknown;
  /** The place of a value or of the key that names it; of the nearest part above it where it is absent. */
  place(path: Path, at: "key" | "value"): Place;
}

/** First part of every code a file's issues carry. */
export type IssuePrefix = "PLAN" | "CONFIG";

/** What is said of one value: `code` comes without its prefix. */
export interface Remark {
  readonly code: string;
  readonly path: Path;
  readonly at?: "key" | "value";
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Collects what is wrong with one file. */
export interface IssueList {
  add(remark: Remark): void;
  /** Line of a value, from 1, for messages that point at a second place. */
  line(path: Path): number;
  /** Sorted by place, each one once. */
  all(): readonly Issue[];
}

/** An empty list for a file whose codes begin with `prefix`. */
export function createIssueList(source: Source, prefix: IssuePrefix): IssueList {
  const found = new Map<string, Issue>();
  return {
    add({ code, path, at = "value", message, hint }) {
      const place = source.place(path, at);
      const key = `${place.line}:${place.column}:${message}`;
      if (found.has(key)) return;
      const more = hint ? { hint: spelledOutLine(hint) } : {};
      found.set(key, {
        code: `${prefix}_${code}`,
        message: spelledOutLine(message),
        ...place,
        ...more,
      });
    },
    line: (path) => source.place(path, "value").line,
    all: () => [...found.values()].sort((a, b) => a.line - b.line || a.column - b.column),
  };
}

/** Turns offsets into places. Lines end at a line feed; a carriage return before it belongs to the end. */
export function createPlacer(text: string): (start: number, end: number) => Place {
  let starts: number[] | undefined;
  return (start, end) => {
    starts ??= lineStarts(text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= start) low = middle;
      else high = middle - 1;
    }
    const next = starts[low + 1];
    const lineEnd = next === undefined ? text.length : next - 1;
    const length = Math.max(1, Math.min(end, lineEnd) - start);
    return { line: low + 1, column: start - starts[low]! + 1, length };
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
