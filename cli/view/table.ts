import { oneLine } from "../../core/plain-text.ts";
import { cut, pad } from "./text.ts";

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** The column may be cut down to this many terminal columns; without it, it keeps its width. */
  readonly min?: number;
}

const gap = "  ";

/**
 * Rows in plain columns under upper-case titles, each line ended by `\n`. Cells are made safe to print. Where
 * a line is wider than `width`, the widest column that may shrink gives way; `Infinity` cuts nothing.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): string {
  const lines = [
    columns.map((column) => column.title.toUpperCase()),
    ...rows.map((row) => columns.map((_, at) => oneLine(row[at] ?? ""))),
  ];
  const widths = fit(columns, lines, width);
  const print = (line: readonly string[]): string =>
    columns
      .map((column, at) => pad(cut(line[at]!, widths[at]!), widths[at]!, column.align))
      .join(gap)
      .trimEnd();
  return lines.map((line) => `${print(line)}\n`).join("");
}

function fit(
  columns: readonly Column[],
  lines: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map((_, at) =>
    lines.reduce((widest, line) => Math.max(widest, Bun.stringWidth(line[at]!)), 0),
  );
  let excess = widths.reduce((sum, each) => sum + each, gap.length * (columns.length - 1)) - width;
  while (excess > 0) {
    let widest = -1;
    for (const [at, column] of columns.entries()) {
      if (column.min === undefined || widths[at]! <= column.min) continue;
      if (widest < 0 || widths[at]! > widths[widest]!) widest = at;
    }
    if (widest < 0) break;
    widths[widest]! -= 1;
    excess -= 1;
  }
  return widths;
}
