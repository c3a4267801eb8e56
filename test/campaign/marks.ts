import type { Files } from "./files.ts";

/**
 * Words that an edit writes into one place, so that counting them tells whose changes a tree holds. Edits never
 * write a mark a second time; a rename or a revert may carry it elsewhere.
 */
export class Marks {
  readonly #owner: string;
  #count = 0;

  constructor(owner: string) {
    this.#owner = owner;
  }

  next(): string {
    return `~${this.#owner}n${this.#count++}~`;
  }
}

const pattern = /~[a-z0-9]+~/g;

/** The paths at which each mark stands in a tree, one for each time. */
function placesOf(files: Files): Map<string, string[]> {
  const places = new Map<string, string[]>();
  for (const [path, { data }] of files) {
    for (const [mark] of data.matchAll(pattern)) {
      places.set(mark, [...(places.get(mark) ?? []), path]);
    }
  }
  return places;
}

/**
 * Marks for which a merged tree is not the three-way merge of its sides: a line that one side left alone must stand as
 * often as on the other side. Where one side took it away and the other moved it, so far that git does not know the file
 * any more, it stays where it was moved. `union`: both sides' lines may have been kept, so that only what is missing counts.
 */
export function wrongMarks(
  trees: { readonly base: Files; readonly old: Files; readonly result: Files; readonly now: Files },
  union: boolean,
): string[] {
  const all = [trees.base, trees.old, trees.result, trees.now].map(placesOf);
  const marks = new Set(all.flatMap((places) => [...places.keys()]));
  return [...marks].filter((mark) => {
    const [base, old, result, now] = all.map((places) => places.get(mark) ?? []);
    const [b, o, r, n] = [base, old, result, now].map((paths) => paths!.length);
    const isMoved = (side: readonly string[]): boolean => `${side}` !== `${base}`;
    if (union) return (r === b && n! < o!) || (r! > b! && n === 0);
    if (r === b) return n! < o! || (n! > o! && !isMoved(result!));
    if (o === b) return n! < r! || (n! > r! && !isMoved(old!));
    return r! > b! && n === 0;
  });
}
