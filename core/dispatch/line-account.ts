/** The texts of one path, null where there is none. `ours` and `theirs` are the sides that were merged. */
export interface MergedTexts {
  readonly path: string;
  readonly base: string | null;
  readonly ours: string | null;
  readonly theirs: string | null;
  readonly result: string | null;
}

/** A line that one side added and the result does not have. */
export interface LostLine {
  readonly path: string;
  /** White space run together. */
  readonly line: string;
  readonly side: "ours" | "theirs";
}

type Three = [number, number, number];
type Counts = ReadonlyMap<string, number>;

/**
 * The lines that a side added and that are not in the result, in the order of that side. A line that the result has
 * more often in another of the paths than the sides account for counts as moved. White space and empty lines do not
 * count; what the other side removed may stay away.
 */
export function lostLines(all: readonly MergedTexts[]): readonly LostLine[] {
  const counted = all.map((texts) => ({
    path: texts.path,
    base: countLines(texts.base),
    ours: countLines(texts.ours),
    theirs: countLines(texts.theirs),
    result: countLines(texts.result),
  }));
  const elsewhere = new Map<string, number>();
  for (const { base, ours, theirs, result } of counted) {
    for (const [line, count] of result) {
      const [before, one, two] = [base, ours, theirs].map((side) => side.get(line) ?? 0) as Three;
      const surplus = count - Math.max(one, two, one + two - before);
      if (surplus > 0) elsewhere.set(line, (elsewhere.get(line) ?? 0) + surplus);
    }
  }
  return counted.flatMap(({ path, base, ours, theirs, result }) => {
    const found = new Map<string, LostLine>();
    const look = (side: LostLine["side"], own: Counts, other: Counts): void => {
      for (const [line, count] of own) {
        const before = base.get(line) ?? 0;
        if (count <= before || found.has(line)) continue;
        const removed = Math.max(0, before - (other.get(line) ?? 0));
        const there = (result.get(line) ?? 0) + (elsewhere.get(line) ?? 0);
        if (there < count - removed) found.set(line, { path, line, side });
      }
    };
    look("ours", ours, theirs);
    look("theirs", theirs, ours);
    return [...found.values()];
  });
}

/** A line as it is compared: white space at the ends gone, inside run together. */
export function normalLine(line: string): string {
  return line.trim().replace(/\s+/g, " ");
}

function countLines(text: string | null): Counts {
  const counts = new Map<string, number>();
  for (const written of (text ?? "").split("\n")) {
    const line = normalLine(written);
    if (line !== "") counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return counts;
}
